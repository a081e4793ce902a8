/** The migration as jobs on the server that runs it: the first try, and one more after a declared unlock. */
import type { Application, Task } from "../../model/application.ts";
import type { JobState } from "../../model/host.ts";
import type { StepContext } from "../../model/step.ts";

/** `copy`: a trial on a restored copy, which must never be taken for the real one. */
export type MigrationOf = "live" | "copy";

const nameOf = ({ upgrade }: Pick<StepContext, "upgrade">, of: MigrationOf, what: "migrate" | "unlock" | "again") =>
  `${what}${of === "copy" ? "-copy" : ""}-${upgrade}`;

export const migrationJob = (context: Pick<StepContext, "upgrade">, of: MigrationOf): string =>
  nameOf(context, of, "migrate");

export interface Migration {
  of: MigrationOf;
  task: Omit<Task, "id">;
  /** Clears what a migration that was killed from outside has left locked; null: it is not run again then. */
  unlock: string | null;
}

/** Attaches to what runs already; over when the job has ended or the limit has passed. */
export async function runMigration(context: StepContext, application: Application, migration: Migration) {
  const { of, task, unlock } = migration;
  const run = async (id: string, command: string): Promise<JobState> => {
    await application.startTask({ ...task, id, command });
    await context.until(task.timeoutMs + 10_000, async () => (await application.task(id)).state !== "running", 40);
    return application.task(id);
  };
  const first = await run(migrationJob(context, of), task.command);
  if (first.state !== "lost" || unlock === null) return;
  const unlocked = await run(nameOf(context, of, "unlock"), unlock);
  if (unlocked.state === "done" && unlocked.code === 0) await run(nameOf(context, of, "again"), task.command);
}

/** How it stands: the last try counts. */
export async function migrationState(context: StepContext, application: Application, of: MigrationOf) {
  const again = await application.task(nameOf(context, of, "again"));
  return again.state === "absent" ? application.task(migrationJob(context, of)) : again;
}

/** Also when it never began: then it never will, however late its start arrives. */
export async function cancelMigration(context: StepContext, application: Application, of: MigrationOf): Promise<void> {
  for (const what of ["migrate", "unlock", "again"] as const) await application.cancelTask(nameOf(context, of, what));
}
