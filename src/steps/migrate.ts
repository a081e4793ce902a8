/** Migrate the schema with the user's own tool, once, and look whether it really did. */
import { z } from "zod";
import type { JobState } from "../model/host.ts";
import { Problem } from "../model/problem.ts";
import { defineStep, type Evidence } from "../model/step.ts";
import { cancelMigration, migrationState, runMigration } from "./parts/migration-job.ts";
import { settleDatabase } from "./parts/settle.ts";
import { endpoint, servers, slot } from "./parts/shapes.ts";
import { one } from "./parts/words.ts";

export const migrate = defineStep({
  name: "migrate",
  input: z.strictObject({
    /** A trial on a restored copy, or the live database. */
    of: z.enum(["live", "copy"]),
    migrator: z.string(),
    command: z.string(),
    /** Clears what a killed migration left locked; it is then run once more. */
    unlock: z.string().nullable(),
    inputs: z.record(z.string(), z.string()),
    release: z.string(),
    primary: z.string(),
    primaryEndpoint: endpoint,
    limitMs: z.number(),
    /** A server that still has the old schema; null when an empty database gets its first one. */
    old: z.string().nullable(),
    /** What an upgrade that was taken back has added may be all of it; whether the release works there is tried next. */
    mayKeep: z.boolean().optional(),
    /** The frozen way back; null where none is needed. */
    wayBack: z.strictObject({ standby: z.string(), loadBalancers: servers, slot }).nullable(),
  }),
  undoable: "until-writes",
  grows: true,
  says: ({ of, release, primary, migrator }) =>
    `Migrate the schema on ${of === "copy" ? "the copy " : ""}"${primary}" to release ${release}, run from "${migrator}"`,
  byHand: ({ of, migrator, command, primary, primaryEndpoint, mayKeep, wayBack }) => ({
    act: `On ${one(migrator)}, in the new release's folder, with DATABASE_HOST=${primaryEndpoint.address} and DATABASE_PORT=${primaryEndpoint.port} and the migration account${of === "copy" ? " (the restored copy, not the live database)" : ""}, run once: ${command}`,
    see: `It ends with 0${mayKeep || (of === "live" && wayBack === null) ? "" : `, and the schema on ${one(primary)} is another one than before`}.`,
    back:
      of === "copy"
        ? "Retire the copy."
        : wayBack === null
          ? "End it if it runs; what it has changed stays."
          : `End it if it runs. Keep ${one(primary)} fenced, promote ${one(wayBack.standby)}, lead database endpoint ${wayBack.slot} to it.`,
  }),
  limitMs: ({ limitMs }) => 3 * limitMs + 30_000,
  /** The next way back must work before this one is given up. */
  async check(context, { of, migrator, primary, wayBack }) {
    const application = await context.world.application(migrator);
    if (!wayBack || (await migrationState(context, application, of)).state !== "absent") return;
    const [above, below] = [await context.world.database(primary), await context.world.database(wayBack.standby)];
    const [fenced, frozen] = [await above.health(), await below.health()];
    const [wanted, seen] = [await above.position(), frozen.running ? await below.position() : "nowhere: it is down"];
    if (!fenced.writable && frozen.running && !frozen.writable && frozen.following === null && wanted === seen) return;
    throw new Problem("refused", {
      what: "the way back of the migration is not ready",
      why: fenced.writable
        ? `"${primary}" takes writes`
        : `"${wayBack.standby}" must be frozen at ${wanted}, and ${frozen.following ? `follows ${frozen.following}` : `stands at ${seen}`}`,
      next: "changeover status, then plan again",
    });
  },
  async apply(context, { of, migrator, command, unlock, inputs, primary, primaryEndpoint, limitMs, wayBack }) {
    const application = await context.world.application(migrator);
    if (wayBack) await (await context.world.database(primary)).allowMigration(true);
    const task = { command, timeoutMs: limitMs, account: "migration", database: primaryEndpoint, inputs } as const;
    await runMigration(context, application, { of, task, unlock });
    if (wayBack) await (await context.world.database(primary)).allowMigration(false);
  },
  async verify(context, { of, migrator, inputs, primary, old, mayKeep, limitMs }): Promise<Evidence> {
    const job = await migrationState(context, await context.world.application(migrator), of);
    if (job.state !== "done" || job.code !== 0) throw failed(job, limitMs);
    if (inputs.REHEARSE_FAILURE) throw toldToFail();
    const after = await (await context.world.database(primary)).schemaFingerprint();
    if (old === null) return { of, exit: 0, schema: after.slice(0, 12) };
    const before = await (await context.world.database(old)).schemaFingerprint();
    if (before === after && !mayKeep) {
      throw new Problem("step-failed", {
        what: "the migration said that it succeeded, but the schema is what it was",
        why: `exit 0, schema ${after.slice(0, 12)} before and after: ${job.output.trim().slice(-300)}`,
        next: "run the migrate command by hand against a copy, mend it, then plan again",
      });
    }
    return { of, exit: 0, schemaBefore: before.slice(0, 12), schemaAfter: after.slice(0, 12) };
  },
  async undo(context, { of, migrator, primary, wayBack }) {
    // What ran on a server that is gone has ended with it.
    const there = (await context.world.provider.find(context.world.environment, migrator)) !== null;
    if (there) await cancelMigration(context, await context.world.application(migrator), of);
    if (!wayBack) return;
    const database = await context.world.database(primary);
    if ((await database.health()).running) await database.allowMigration(false);
    await settleDatabase(context, { primary, migrator, ...wayBack });
  },
});

/** The application's own migrate command did not heed REHEARSE_FAILURE: the way back is shown all the same. */
const toldToFail = (): Problem =>
  new Problem("step-failed", {
    what: "told to fail at migrate",
    why: "the plan was made with --fail-at migrate",
    next: "plan again without it",
  });

function failed(job: JobState, limitMs: number): Problem {
  const next = "read its output above, mend the migration, then plan again";
  if (job.state !== "done") {
    return new Problem("outcome-unknown", {
      what: "the migration did not end",
      why:
        job.state === "lost"
          ? `its process is gone and left no exit code: ${job.output.slice(-300)}`
          : `it is ${job.state}`,
      next,
    });
  }
  const why = job.timedOut ? `it was still running after ${limitMs} ms` : `exit ${job.code}`;
  return new Problem(job.timedOut ? "timed-out" : "step-failed", {
    what: "the migration failed",
    why: `${why}: ${endOf(job.output)}`,
    next,
  });
}

/** The reason stands above the frames of a stack, and would be pushed out by them. */
const endOf = (output: string): string =>
  output
    .split("\n")
    .filter((text) => !/^\s+at\s/.test(text))
    .join("\n")
    .trim()
    .slice(-500);
