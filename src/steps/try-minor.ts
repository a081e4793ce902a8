/** Prove on the migrated copy that this is a minor upgrade: the old release holds there, and nothing that it uses is gone. */
import { z } from "zod";
import type { Application } from "../model/application.ts";
import { Problem } from "../model/problem.ts";
import { compareSchemas, type SchemaChange, uncovered } from "../model/schema-change.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { lastMiss, sayChecks, scriptMs } from "./parts/asking.ts";
import { few, sayNotCovered } from "./parts/coverage.ts";
import { addLabels, dropLabel, MINOR_NOTE, recordOf } from "./parts/records.ts";
import { checks } from "./parts/shapes.ts";
import { one } from "./parts/words.ts";

/** A label is one line of a file, not a log. */
const NOTE_LENGTH = 300;
/** How much of a log's end says why a release died. */
const TAIL_LENGTH = 120;
const HOLDS = "holds: ";
const FAILS = "fails: ";

const input = z.strictObject({
  /** Has the old release installed, led to the copy. */
  server: z.string(),
  copy: z.string(),
  /** A database server that still has the old schema. */
  old: z.string(),
  from: z.string(),
  to: z.string(),
  good: checks,
  healthyMs: z.number(),
  graceMs: z.number(),
});
type Input = z.infer<typeof input>;

export const tryMinor = defineStep({
  name: "try-minor",
  input,
  undoable: "always",
  says: ({ server, from, to, good }) =>
    `Prove that ${from} → ${to} is minor: release ${from} on the migrated copy, from "${server}": ${sayChecks(good)}`,
  byHand: ({ server, copy, old, from, good }) => ({
    act: `On ${one(server)} start web of release ${from} against the migrated copy on ${one(copy)}, run every check (${sayChecks(good)}), stop it. Compare tables and columns of ${one(copy)} with those of ${one(old)}.`,
    see: "Every check holds, no table and no column is gone, and no new column has to be given. If not, this is a major upgrade: stop here. Write down which tables no check touches.",
    back: "Stop it if it still runs.",
  }),
  limitMs: ({ healthyMs, graceMs, good }) => healthyMs + 3 * graceMs + scriptMs(good) + 180_000,
  /** What runs elsewhere would prove nothing. */
  async check({ world }, { server, copy, from }) {
    const [application, database] = [await world.application(server), await world.database(copy)];
    const found = await application.installed();
    const leads = found?.database.address === database.address && found.database.port === database.port;
    if (found?.release === from && leads) return;
    throw new Problem("refused", {
      what: `release ${from} can't be tried on "${copy}" from "${server}"`,
      why: found ? `release ${found.release} is there, led to ${found.database.address}` : "nothing is installed there",
      next: "changeover status, then plan again",
    });
  },
  /** From its first moment: a try that was cut short leaves nothing that counts. */
  async apply(context, asked) {
    const { server, copy, good, healthyMs, graceMs } = asked;
    const [application, database] = [await context.world.application(server), await context.world.database(copy)];
    await application.stop("web", graceMs);
    await database.watchTables(true);
    await application.start("web");
    const missed = await lastMiss(context, application, good, healthyMs);
    const end = missed === null ? "" : await logEnd(application);
    await application.stop("web", graceMs);
    const touched = await database.touchedTables();
    await database.watchTables(false);
    const { change, after } = await schemasOf(context, asked);
    const found =
      missed === null
        ? `${HOLDS}${sayNotCovered(uncovered(change, touched, after), good)}`
        : `${FAILS}${missed.slice(0, NOTE_LENGTH - FAILS.length - end.length)}${end}`;
    await addLabels(context, server, { [MINOR_NOTE]: oneLine(context.world.redact(found)).slice(0, NOTE_LENGTH) });
  },
  async verify(context, asked) {
    const { server, good } = asked;
    const found = (await recordOf(context, server)).labels[MINOR_NOTE];
    const { state } = await (await context.world.application(server)).state("web");
    if (!found || (state !== "stopped" && state !== "absent")) throw notTried(found ? `its web is ${state}` : null);
    const { change } = await schemasOf(context, asked);
    if (!found.startsWith(HOLDS) || change.breaking.length > 0) throw isMajor(context, asked, found, change);
    return {
      checks: sayChecks(good),
      added: few(change.added),
      changed: few(change.changed),
      notCovered: found.slice(HOLDS.length),
    };
  },
  async undo(context, { server, graceMs }) {
    const there = (await context.world.provider.find(context.world.environment, server)) !== null;
    if (!there) return;
    await (await context.world.application(server)).stop("web", graceMs);
    await dropLabel(context, server, MINOR_NOTE);
  },
});

/** The copy was restored from a database whose schema is the one that `old` still has. */
async function schemasOf({ world }: StepContext, { old, copy }: Input) {
  const before = await (await world.database(old)).readSchema();
  const after = await (await world.database(copy)).readSchema();
  return { change: compareSchemas(before, after), after };
}

async function logEnd(application: Application): Promise<string> {
  const tail = oneLine((await application.state("web")).tail);
  return tail === "" ? "" : ` · its log ends: ${tail.slice(-TAIL_LENGTH)}`;
}

const oneLine = (text: string): string => text.trim().replace(/\s+/g, " ");

const notTried = (why: string | null): Problem =>
  new Problem("step-failed", {
    what: "the old release was not tried on the migrated copy",
    why: why ?? "nothing was found out",
    next: "changeover status, then plan again",
  });

function isMajor({ world }: StepContext, { from, to }: Input, found: string, { breaking }: SchemaChange): Problem {
  const fails = found.startsWith(FAILS);
  const what = fails ? `release ${from} does not work on the schema of ${to}` : `${to} takes away what ${from} may use`;
  const gone = breaking.length > 0 ? [few(breaking)] : [];
  return new Problem("refused", {
    what: `this is a major upgrade: ${what}`,
    why: [...(fails ? [found.slice(FAILS.length)] : [`every check holds, but`]), ...gone].join(fails ? "; " : " "),
    next: `changeover upgrade ${world.environment} --to ${to} --strategy major`,
  });
}
