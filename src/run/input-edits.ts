/** Edits an environment's inputs in one transaction: looks that it may, keeps what was there, and tells whose next launch changes. */
import { crossReference, type CrossReference } from "../model/inputs/cross-reference.ts";
import { nextDifferences, setDifferences } from "../model/inputs/difference.ts";
import { drawFinding } from "../model/inputs/findings.ts";
import { type InputSet, textOf } from "../model/inputs/set.ts";
import { Problem } from "../model/problem.ts";
import { lockEnvironment } from "../store/environments.ts";
import { inputsOf, replaceInputs, takeSnapshot } from "../store/inputs.ts";
import type { Db } from "../store/store.ts";
import { unfinishedUpgrade } from "../store/upgrades.ts";
import type { Edited } from "../view/inputs.ts";
import { type Ground, type InputParts, missingCredentialsOf, readGround } from "./input-ground.ts";
import { discreetly, mustHoldNoSecret } from "./input-secrets.ts";
import { mustBeUnlocked } from "./locks.ts";
import { occupied } from "./requests.ts";

export interface Asking {
  by: string;
  /** Kept with the snapshot; may be empty where nothing is lent. */
  why: string;
}

/** When it is made, and on what. */
export interface Moment {
  now: number;
  ground: Ground;
}

export interface Edit {
  /** What it does, for the history. */
  says: string;
  /** An upgrade may be stuck on the very override that this takes away. */
  whileStuck?: true;
  change(set: InputSet, moment: Moment): InputSet;
  /** What people should know besides. */
  warns?(set: InputSet, moment: Moment): string[];
}

export async function edit(
  parts: InputParts,
  environment: string,
  { by, why }: Asking,
  { says, whileStuck, change, warns }: Edit,
): Promise<Edited> {
  const { store, clock } = parts;
  mustHoldNoSecret(parts.redact, environment, {}, why);
  await mustBeUnlocked(store, environment, "given other inputs");
  const ground = await readGround(parts, environment);
  const now = clock.now();
  const { before, after, number } = await store.transaction(async (db) => {
    await lockEnvironment(db, environment);
    await mustBeIdle(db, environment, whileStuck === true);
    const was = await inputsOf(db, environment);
    const is = change(was, { now, ground });
    if (textOf(was) === textOf(is)) return { before: was, after: is, number: null };
    const kept = await takeSnapshot(db, environment, { at: now, by, edit: says, why, set: was });
    await replaceInputs(db, environment, is);
    return { before: was, after: is, number: kept };
  });
  const missing = await missingCredentialsOf(parts, environment, after, ground.servers);
  const [was, is] = [before, after].map((set) => crossReference({ environment, set, ...ground, now }));
  return discreetly(
    {
      environment,
      snapshot: number,
      changed: setDifferences(before, after),
      next: was && is ? changesFor(was, is) : [],
      warnings: [
        ...(warns?.(after, { now, ground }) ?? []),
        ...missing.map((name) => `credential "${name}" is not set: changeover credential set ${environment} ${name}`),
        ...ground.troubles,
      ],
    },
    parts.redact,
  );
}

/** What an upgrade launches was resolved when it was planned: nothing may change under it. */
async function mustBeIdle(db: Db, environment: string, whileStuck: boolean): Promise<void> {
  const busy = await unfinishedUpgrade(db, environment);
  if (busy && !(whileStuck && busy.state === "stuck")) throw occupied(environment, busy);
}

const changesFor = (was: CrossReference, is: CrossReference): Edited["next"] =>
  is.servers.flatMap(({ server, runs, refusals }) => {
    const differences = nextDifferences(was.rows, is.rows, server);
    return differences.length === 0 ? [] : [{ server, runs, differences, refusals: refusals.map(drawFinding) }];
  });

/** A name that nobody has would be lent a value that no launch ever reads. */
export function mustBeThere({ names }: Ground, environment: string, level: "server" | "group", owner: string): void {
  if (names?.[level].includes(owner)) return;
  const there = names?.[level] ?? [];
  throw new Problem(names ? "not-found" : "unreachable", {
    what: `environment "${environment}" has no ${level} "${owner}"`,
    why: names ? `it has ${there.join(", ") || "none"}` : "what runs could not be read",
    next: `changeover status ${environment}`,
  });
}
