/** Proves that a fenced database is quiet: its position stands still and nobody is left who could write. */
import { Problem } from "../../model/problem.ts";
import type { StepContext } from "../../model/step.ts";

/** Gives the position at which it stands. */
export async function proveQuiet({ world, signal }: StepContext, server: string, quietMs: number): Promise<string> {
  const database = await world.database(server);
  const health = await database.health();
  const before = await database.position();
  await world.clock.sleep(quietMs, signal);
  const [after, blockers] = [await database.position(), await database.blockers()];
  if (!health.writable && before === after && blockers.length === 0) return after;
  throw new Problem("step-failed", {
    what: `"${server}" is not proven quiet`,
    why: health.writable
      ? "it takes writes"
      : before === after
        ? blockers.map(({ what, detail }) => `${what}: ${detail}`).join("; ")
        : `its position moved from ${before} to ${after}`,
    next: "find the client that writes past the load balancers, stop it, then plan again",
  });
}
