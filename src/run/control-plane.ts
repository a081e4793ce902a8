/** The control plane as its clients see it: environments, plans, upgrades, reports; api/ puts it on the wire. */
import type { Forecast } from "../model/forecast.ts";
import type { Loss } from "../model/loss.ts";
import { isUpgrade, type Plan } from "../model/plan.ts";
import { Problem } from "../model/problem.ts";
import type { LedgerSummary, Report } from "../model/report.ts";
import { onceAlone } from "../store/backup-requests.ts";
import { requestsFor } from "../store/control-requests.ts";
import type { JournalEntry, UpgradeOptions } from "../model/upgrade.ts";
import { gatesOf } from "../store/gates.ts";
import { journalOf } from "../store/journal.ts";
import { findLedger, saveLedger } from "../store/ledgers.ts";
import { findPlan } from "../store/plans.ts";
import { plannedStart } from "../steps/await-window.ts";
import { unfinishedRehearsals } from "../store/rehearsals.ts";
import type { Store } from "../store/store.ts";
import { findUpgrade, latestUpgrade, type UpgradeRun, unfinishedUpgrade } from "../store/upgrades.ts";
import { composeReport } from "../view/report.ts";
import { type UpgradeView, viewUpgrade } from "../view/upgrade-view.ts";
import type { Addresses } from "./addresses.ts";
import type { AlertDesk } from "./alerts.ts";
import type { Backups } from "./backups.ts";
import { mustBeNobodysClone } from "./clones.ts";
import type { CredentialDesk } from "./credentials.ts";
import type { Engine } from "./engine.ts";
import type { EnvironmentClones } from "./environment-clones.ts";
import type { DataWish } from "./from-backup.ts";
import { type Environments, noLedger } from "./environments.ts";
import { forecastFor } from "./forecasts.ts";
import type { Groups } from "./groups.ts";
import type { LockDesk } from "./lock-desk.ts";
import type { Lockdown } from "./lockdown.ts";
import type { InputDesk } from "./inputs.ts";
import { countLoss, mustAccept } from "./loss.ts";
import type { NamesDesk } from "./names.ts";
import type { Rehearsals } from "./rehearsals.ts";
import type { Servers } from "./servers.ts";
import { type EnvironmentSummary, summarizeAll } from "./summaries.ts";
import type { Scripts } from "./scripts.ts";
import type { TakenDown } from "./take-down.ts";
import type { Templates } from "./templates.ts";
import type { Planned, UpgradeWish } from "./upgrade-plans.ts";
import { actedSteps, type WayBackNow, wayBackNow } from "./way-back.ts";

/** What people may ask of each noun. */
export interface Desks {
  addresses: Addresses;
  environments: Environments;
  engine: Engine;
  credentials: CredentialDesk;
  locks: LockDesk;
  lockdown: Lockdown;
  backups: Backups;
  servers: Servers;
  inputs: InputDesk;
  groups: Groups;
  alerts: AlertDesk;
  names: NamesDesk;
  templates: Templates;
  scripts: Scripts;
  rehearsals: Rehearsals;
  clones: EnvironmentClones;
}

export interface ControlPlane extends Readonly<Desks> {
  summaries(): Promise<EnvironmentSummary[]>;
  /** Saves the file and starts bringing the environment up; null when it is up already. */
  bringUp(file: { text: string; path: string; by: string; dataFrom: DataWish | null }): Promise<BroughtUp>;
  /** The plan of an upgrade, and what it is expected to take. */
  plan(environment: string, wish: UpgradeWish): Promise<Planned & { forecast: Forecast }>;
  /** Starts the plan with this hash, made for this environment as it is now. */
  start(
    environment: string,
    options: UpgradeOptions & { planHash: string; madeForIt?: boolean; by: string },
  ): Promise<string>;
  takeDown(environment: string): Promise<TakenDown>;
  upgrade(id: string): Promise<UpgradeView>;
  /** The unfinished upgrade of an environment, else its last one of the whole environment. */
  latest(environment: string): Promise<UpgradeView | null>;
  report(id: string): Promise<Report>;
  /** What the way back would lose now; counts and exports it where it has a price. */
  loss(id: string): Promise<LossAnswer>;
  /** Refused with its price while nobody accepted that. */
  rollback(id: string, asked: { by: string; reason: string; acceptLoss: string | null }): Promise<void>;
  saveLedger(id: string, summary: LedgerSummary): Promise<void>;
  ledgerTask(environment: string): Promise<{
    definition: LedgerDefinition;
    host: string;
    targets: { address: string; port: number }[];
  }>;
}

export interface BroughtUp {
  environment: string;
  upgrade: string | null;
  /** What is shared with other environments and no reason to refuse. */
  warnings: string[];
}

export type LossAnswer = WayBackNow & { upgrade: string; loss: Loss | null };

type LedgerDefinition = NonNullable<Awaited<ReturnType<Environments["find"]>>["definition"]["ledger"]>;

export interface ControlPlaneParts extends Desks {
  store: Store;
}

export function openControlPlane(parts: ControlPlaneParts): ControlPlane {
  const { store, ...desks } = parts;
  const { engine, environments } = desks;
  const fresh = freshPlans();
  const foretell = (environment: string, plan: Plan) => forecastFor({ store, environments }, environment, plan);
  return {
    ...desks,
    summaries: () => summarizeAll(store),
    async plan(environment, wish) {
      const made = await environments.planUpgrade(environment, wish);
      fresh.note(environment, made.hash);
      return { ...made, forecast: await foretell(environment, made.plan) };
    },
    async bringUp({ text, path, by, dataFrom }) {
      fresh.forget();
      const { name, plan, warnings } = await environments.save(text, path, dataFrom);
      if (!plan) return { environment: name, upgrade: null, warnings };
      return { environment: name, upgrade: await engine.startUpgrade(plan, { yes: true, by }), warnings };
    },
    async start(environment, { planHash, madeForIt = false, ...asked }) {
      const plan = await planOf(store, planHash);
      mustBeNobodysClone(await environments.find(environment));
      if (!(fresh.take(environment, planHash) && madeForIt))
        await mustBeCurrent(environments, environment, plan, planHash);
      return engine.startUpgrade(plan, { ...asked, forecast: await foretell(environment, plan) });
    },
    // A group whose servers go must not launch others in their place.
    takeDown: (environment) => onceAlone(store, environment, () => takeDown(parts, environment), "groups"),
    ...upgradesOf(parts),
    async ledgerTask(environment) {
      const { definition } = await environments.find(environment);
      if (!definition.ledger) throw noLedger(environment);
      return {
        definition: definition.ledger,
        host: definition.hosts.public,
        targets: (await entrancesOf(desks, environment)).map((address) => ({ address, port: definition.port })),
      };
    },
  };
}

/** Where clients come in: by the floating addresses that are on the network, else by the load balancers' own. */
async function entrancesOf({ addresses, environments }: Desks, environment: string): Promise<string[]> {
  const seen = await addresses.list(environment);
  const floating = seen.addresses.filter(({ onNetwork, holders }) => onNetwork && holders.length === 1);
  if (floating.length > 0) return floating.map(({ address }) => address);
  const { loadBalancers } = await environments.inventory(environment);
  // One that is only for testers serves no client.
  return loadBalancers.filter(({ routes }) => routes.public !== null).map(({ record }) => record.address);
}

/** So long after it was made a plan is taken for current; what comes in between, its steps look for themselves. */
const FRESH_MS = 2_000;

/** Plans that were made just now, each for one use: most upgrades are planned and started in one breath. */
function freshPlans() {
  const made = new Map<string, { hash: string; at: number }>();
  return {
    note: (environment: string, hash: string) => void made.set(environment, { hash, at: performance.now() }),
    take(environment: string, hash: string): boolean {
      const last = made.get(environment);
      made.clear();
      return last?.hash === hash && performance.now() - last.at < FRESH_MS;
    },
    forget: () => made.clear(),
  };
}

async function takeDown({ store, environments }: ControlPlaneParts, environment: string): Promise<TakenDown> {
  const busy = await unfinishedUpgrade(store, environment);
  if (busy && busy.state !== "stuck") {
    throw new Problem("refused", {
      what: `environment "${environment}" can't be taken down`,
      why: `upgrade ${busy.id} is ${busy.state}`,
      next: `changeover rollback ${busy.id}, or wait for its end: changeover watch ${busy.id}`,
    });
  }
  await mustNotBeRehearsed(store, environment);
  return environments.takeDown(environment);
}

type OfUpgrades = "upgrade" | "latest" | "report" | "loss" | "rollback" | "saveLedger";

function upgradesOf({ store, engine, environments }: ControlPlaneParts): Pick<ControlPlane, OfUpgrades> {
  const facts = async (record: UpgradeRun) => ({
    record,
    plan: await planOf(store, record.planHash),
    entries: await journalOf(store, record.id),
    gates: await gatesOf(store, record.id),
  });
  const mustFind = async (id: string): Promise<UpgradeRun> => {
    const found = await findUpgrade(store, id);
    if (found) return found;
    throw new Problem("not-found", {
      what: `there is no upgrade "${id}"`,
      why: "nobody started it here",
      next: "changeover status",
    });
  };
  return {
    upgrade: async (id) => viewUpgrade(await facts(await mustFind(id))),
    async latest(environment) {
      const latest = await latestUpgrade(store, environment);
      return latest ? viewUpgrade(await facts(latest)) : null;
    },
    async report(id) {
      const record = await mustFind(id);
      if (record.state !== "upgraded" && record.state !== "rolled-back") {
        throw new Problem("refused", {
          what: `there is no report of upgrade "${id}" yet`,
          why: `it is ${record.state}`,
          next: `changeover watch ${id}`,
        });
      }
      const [ledger, requests] = [await findLedger(store, id), await requestsFor(store, id)];
      return composeReport({ ...(await facts(record)), ledger, requests, forecast: record.forecast });
    },
    async loss(id) {
      const seen = await facts(await mustFind(id));
      const now = stateOf(engine, seen);
      return { ...now, upgrade: id, loss: now.kind === "priced" ? await countNow(store, environments, seen) : null };
    },
    async rollback(id, { by, reason, acceptLoss }) {
      const seen = await facts(await mustFind(id));
      // Whoever goes on with a way back that got stuck has accepted its price before.
      const asksPrice = stateOf(engine, seen).kind === "priced" && seen.record.acceptedLoss === null;
      const accepted = asksPrice
        ? await mustAccept(store, id, await countNow(store, environments, seen), acceptLoss)
        : null;
      await engine.rollback(id, by, reason, accepted);
    },
    saveLedger: async (id, summary) => saveLedger(store, (await mustFind(id)).id, summary),
  };
}

interface Facts {
  record: UpgradeRun;
  plan: Plan;
  entries: JournalEntry[];
}

/** An upgrade that has ended has no way back; what it would have been does not matter. */
function stateOf({ definitions }: Engine, { record, entries }: Facts): WayBackNow {
  if (record.state === "upgraded" || record.state === "rolled-back")
    return { kind: "closed", why: `the upgrade has ended, it is ${record.state}` };
  return wayBackNow(definitions, actedSteps(entries));
}

const countNow = (store: Store, environments: Environments, { record, plan, entries }: Facts): Promise<Loss> =>
  environments.look(record.environment, (world) => countLoss(store, world, { upgrade: record.id, plan, entries }));

async function planOf(store: Store, hash: string): Promise<Plan> {
  const plan = await findPlan(store, hash);
  if (plan) return plan;
  throw new Problem("not-found", {
    what: `there is no plan ${hash}`,
    why: "it was never made here",
    next: "changeover plan",
  });
}

async function mustNotBeRehearsed(store: Store, environment: string): Promise<void> {
  const seen = (await unfinishedRehearsals(store)).find((one) => [one.environment, one.clone].includes(environment));
  if (!seen) return;
  throw new Problem("refused", {
    what: `environment "${environment}" can't be taken down`,
    why: `rehearsal ${seen.id} of "${seen.environment}" is ${seen.state}`,
    next: `wait for its end, or end it: changeover rehearse ${seen.environment} --cancel`,
  });
}

/** The world may have changed since the plan was made: the same wish must still give the same plan. */
async function mustBeCurrent(environments: Environments, environment: string, plan: Plan, hash: string): Promise<void> {
  const { to, failAt } = plan;
  const strategy = isUpgrade(plan.strategy) ? plan.strategy : undefined;
  const wish = { to, strategy, failAt, at: plannedStart(plan), rehearsal: false };
  const again = await environments.planUpgrade(environment, wish);
  if (again.hash === hash) return;
  throw new Problem("refused", {
    what: `plan ${hash} no longer fits environment "${environment}"`,
    why: `the environment or its file changed since; the plan would now be ${again.hash}`,
    next: `changeover plan ${environment} --to ${plan.to}${strategy ? ` --strategy ${strategy}` : ""}`,
  });
}
