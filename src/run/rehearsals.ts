/** Rehearsals: asked for by a row, moved on step by step from what the store shows, so that a killed control plane goes on. */
import { randomBytes } from "node:crypto";
import { measuredCosts } from "../model/costs.ts";
import { Problem } from "../model/problem.ts";
import { cloneNameOf, type Rehearsal, type RehearsalResult, type RehearsalView } from "../model/rehearsal.ts";
import type { UpgradeStrategy } from "../model/plan.ts";
import { problemData } from "../model/upgrade.ts";
import { findEnvironment, lockEnvironment } from "../store/environments.ts";
import { gatesOf } from "../store/gates.ts";
import { journalOf } from "../store/journal.ts";
import { findPlan } from "../store/plans.ts";
import {
  cancelRehearsal,
  findRehearsal,
  holdRehearsal,
  insertRehearsal,
  latestRehearsal,
  moveRehearsal,
  unfinishedRehearsals,
} from "../store/rehearsals.ts";
import type { Db, Store } from "../store/store.ts";
import { findUpgrade, listUpgrades, type UpgradeRun, unfinishedUpgrade } from "../store/upgrades.ts";
import { mustBeClone, mustBeNobodysClone } from "./clones.ts";
import type { Engine } from "./engine.ts";
import type { Environments } from "./environments.ts";
import { forecastFor } from "./forecasts.ts";
import { mustBeAllowed } from "./locks.ts";
import { type CloneUpgrade, nextMove } from "./rehearsal-move.ts";
import { repeat } from "./repeat.ts";
import { occupied } from "./requests.ts";

export interface RehearsalParts {
  store: Store;
  engine: Engine;
  environments: Environments;
  log?: (line: string) => void;
}

export interface RehearsalWish extends Pick<Rehearsal, "to" | "failAt"> {
  /** Major when left out. */
  strategy?: UpgradeStrategy;
  by: string;
}

export interface Rehearsals {
  /** Gives its id. Refused when the upgrade could not be planned either. */
  start(environment: string, wish: RehearsalWish): Promise<string>;
  find(id: string): Promise<RehearsalView>;
  /** The unfinished one of an environment, else its last one. */
  latest(environment: string): Promise<RehearsalView | null>;
  /** Takes the way back of what runs on the clone, then takes the clone down. */
  cancel(id: string, by: string): Promise<void>;
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 500;
/** Tries in a row of a move that fails for a reason that may pass: minutes. */
const TRIES_MAX = 240;

export function openRehearsals(parts: RehearsalParts): Rehearsals {
  const { store } = parts;
  const tries = new Map<string, number>();
  const loop = repeat(
    async () => {
      for (const { id } of await unfinishedRehearsals(store)) await moveOn(parts, id, tries);
    },
    LOOK_EVERY_MS,
    parts.log ?? console.error,
  );
  const view = async (rehearsal: Rehearsal): Promise<RehearsalView> => ({
    ...rehearsal,
    upgrades: (await upgradesOf(store, rehearsal)).map(({ id }) => id),
  });
  return {
    start: (environment, wish) => start(parts, environment, wish),
    find: async (id) => view(await mustFind(store, id)),
    async latest(environment) {
      const found = await latestRehearsal(store, environment);
      return found && view(found);
    },
    async cancel(id, by) {
      const { state } = await mustFind(store, id);
      if (await cancelRehearsal(store, id, by)) return;
      const what = `rehearsal "${id}" has ended`;
      throw new Problem("refused", { what, why: `it is ${state}`, next: "changeover rehearse" });
    },
    stop: () => loop.stop(),
  };
}

async function mustFind(store: Store, id: string): Promise<Rehearsal> {
  const found = await findRehearsal(store, id);
  if (found) return found;
  throw new Problem("not-found", {
    what: `there is no rehearsal "${id}"`,
    why: "nobody started it here",
    next: "changeover rehearse",
  });
}

async function start(
  { store, environments }: RehearsalParts,
  environment: string,
  { to, strategy = "major", failAt, by }: RehearsalWish,
): Promise<string> {
  const saved = await environments.find(environment);
  mustBeNobodysClone(saved);
  await mustBeAllowed(store, { environment, verb: "rehearse" });
  const clone = cloneNameOf(environment);
  mustBeClone(await findEnvironment(store, clone), environment);
  // Whatever keeps the upgrade from being planned keeps it from being rehearsed.
  await environments.planUpgrade(environment, { to, strategy, failAt, at: null, rehearsal: true });
  const id = `r-${randomBytes(4).toString("hex")}`;
  await store.transaction(async (db) => {
    await lockEnvironment(db, environment);
    const busy = await unfinishedUpgrade(db, environment);
    if (busy) throw occupied(environment, busy);
    if (await insertRehearsal(db, { id, environment, clone, to, strategy, failAt, askedBy: by })) return;
    throw new Problem("refused", {
      what: `environment "${environment}" is already rehearsed`,
      why: `${(await latestRehearsal(db, environment))?.id ?? "another rehearsal"} has not ended`,
      next: `wait for its end, or end it: changeover rehearse ${environment} --cancel`,
    });
  });
  return id;
}

/** One move under the row's lock: no other control plane moves the same rehearsal on meanwhile. */
async function moveOn(parts: RehearsalParts, id: string, tries: Map<string, number>): Promise<void> {
  await parts.store.transaction(async (db) => {
    const rehearsal = await holdRehearsal(db, id);
    if (!rehearsal) return;
    try {
      await move(parts, db, rehearsal);
      tries.delete(id);
    } catch (error) {
      const failed = (tries.get(id) ?? 0) + 1;
      tries.set(id, failed);
      const mayPass = !(error instanceof Problem) || error.kind === "unreachable" || rehearsal.state === "taking-down";
      if (mayPass && failed < TRIES_MAX) throw error;
      tries.delete(id);
      const state = rehearsal.state === "taking-down" ? "failed" : "taking-down";
      await moveRehearsal(db, id, { state, problem: problemData(error) });
    }
  });
}

async function move(parts: RehearsalParts, db: Db, rehearsal: Rehearsal): Promise<void> {
  const { engine, environments, store } = parts;
  const { id, environment, clone, to, strategy, failAt } = rehearsal;
  const newest = await newestOf(store, rehearsal);
  const next = nextMove(rehearsal, newest);
  const by = asks(rehearsal);
  if (next.act === "make-clone") {
    await engine.startUpgrade(await environments.clone(environment, clone), { yes: true, by });
  } else if (next.act === "start-upgrade") {
    const { plan } = await environments.planUpgrade(clone, { to, strategy, failAt, at: null, rehearsal: true });
    const forecast = await forecastFor(parts, clone, plan);
    await engine.startUpgrade(plan, { yes: true, by, forecast });
  } else if (next.act === "turn-back" && newest) {
    if (await allowed(engine.rollback(newest.id, by, "the rehearsal ends"))) return;
    // It runs to its end where there is no way back any more; one that is stuck has come to its end.
    if (newest.state === "stuck") await moveRehearsal(db, id, { state: "taking-down", problem: newest.failure });
  } else if (next.act === "pass-gate" && newest) {
    await passGate(parts, newest.id, by);
  } else if (next.act === "go-on") {
    const result = rehearsal.state === "upgrading" && newest ? await resultOf(store, newest.id) : null;
    await moveRehearsal(db, id, { state: next.to, problem: next.problem, result });
  } else if (next.act === "take-down") {
    if (await findEnvironment(store, clone)) await environments.takeDown(clone);
    await moveRehearsal(db, id, { state: rehearsal.problem ? "failed" : "rehearsed" });
  }
}

/** Some gates are for people alone, and a rehearsal has none; one that is blocked ends at its deadline. */
async function passGate({ store, engine }: RehearsalParts, upgrade: string, by: string): Promise<void> {
  const open = (await gatesOf(store, upgrade)).find(({ answer, blocked }) => answer === null && blocked === null);
  if (open) await allowed(engine.approve(upgrade, open.gate, by, open.planHash));
}

/** False when it is too late for that: answered already, or no way back any more. */
async function allowed(asked: Promise<void>): Promise<boolean> {
  try {
    await asked;
    return true;
  } catch (error) {
    if (error instanceof Problem && error.kind === "refused") return false;
    throw error;
  }
}

/** Named in the row of each upgrade that belongs to it, by which they are found again. */
const asks = ({ id }: Rehearsal): string => `rehearsal ${id}`;

/** What it has run on the clone so far, oldest first. */
async function upgradesOf(store: Store, rehearsal: Rehearsal): Promise<UpgradeRun[]> {
  const seen = await listUpgrades(store, rehearsal.clone, 20);
  return seen.filter(({ askedBy }) => askedBy === asks(rehearsal)).reverse();
}

/** Of the part that is under way: the first brings the clone up, the second is the upgrade itself. */
async function newestOf(store: Store, rehearsal: Rehearsal): Promise<CloneUpgrade | null> {
  const found = (await upgradesOf(store, rehearsal))[rehearsal.state === "bringing-up" ? 0 : 1];
  if (!found) return null;
  const failed = (await journalOf(store, found.id)).find(
    ({ direction, result }) => direction === "apply" && result === "failed",
  );
  const problem = failed?.problem ?? found.problem;
  const failure = problem && { ...problem, what: failed ? `${problem.what} (at "${failed.says}")` : problem.what };
  const { id, state, round, wayBackAt } = found;
  return { id, state, round, wayBackAsked: wayBackAt !== null, failure };
}

async function resultOf(store: Store, upgrade: string): Promise<RehearsalResult | null> {
  const record = await findUpgrade(store, upgrade);
  const plan = record && (await findPlan(store, record.planHash));
  if (!plan) return null;
  const entries = await journalOf(store, upgrade);
  const backup = entries.find(({ step, result }) => step === "restore-backup" && result === "done")?.evidence?.bytes;
  return {
    upgrade,
    costs: measuredCosts(plan, entries),
    databaseBytes: record.forecast?.databaseBytes ?? null,
    backupBytes: backup === undefined ? null : Number(backup),
  };
}
