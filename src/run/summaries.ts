/** Every environment in a few words, as the store remembers it: nothing of the world is looked at. */
import type { UpgradeState } from "../model/upgrade.ts";
import { ownEnvironments, type SavedEnvironment } from "../store/environments.ts";
import { gatesOf } from "../store/gates.ts";
import type { Store } from "../store/store.ts";
import { listUpgrades } from "../store/upgrades.ts";

export interface EnvironmentSummary {
  environment: string;
  releases: string[];
  /** Names of scaling groups. */
  groups: string[];
  /** Names of floating addresses. */
  addresses: string[];
  alerts: string[];
  /** The latest ones, newest first. */
  upgrades: { id: string; state: UpgradeState }[];
  /** Where the newest one waits for a person. */
  gate: { upgrade: string; name: string; question: string } | null;
}

/** Enough to find one that somebody remembers. */
const UPGRADES = 20;

export const summarizeAll = async (store: Store): Promise<EnvironmentSummary[]> =>
  Promise.all((await ownEnvironments(store)).map((saved) => summarize(store, saved)));

async function summarize(store: Store, { name, definition }: SavedEnvironment): Promise<EnvironmentSummary> {
  const upgrades = await listUpgrades(store, name, UPGRADES);
  const waits = upgrades[0]?.state === "at-gate" ? upgrades[0].id : null;
  const open = waits ? (await gatesOf(store, waits)).find(({ answer }) => answer === null) : undefined;
  return {
    environment: name,
    releases: Object.keys(definition.releases),
    groups: definition.application.group ? [definition.application.group.name] : [],
    addresses: Object.keys(definition.addresses),
    alerts: definition.alerts.map((rule) => rule.name),
    upgrades: upgrades.map(({ id, state }) => ({ id, state })),
    gate: open ? { upgrade: open.upgrade, name: open.gate, question: open.question } : null,
  };
}
