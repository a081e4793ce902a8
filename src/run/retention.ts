/** Forgets the durable engine's own records of upgrades that ended long ago; our journal of them is kept. */
import { DBOS } from "@dbos-inc/dbos-sdk";

const KEEP_MS = 30 * 24 * 3_600_000;
const AT_ONCE = 200;

export async function forgetOldRuns(now: number): Promise<number> {
  const old = await DBOS.listWorkflows({
    status: ["SUCCESS", "ERROR", "CANCELLED"],
    completedBefore: new Date(now - KEEP_MS).toISOString(),
    limit: AT_ONCE,
    loadInput: false,
    loadOutput: false,
  });
  if (old.length > 0) await DBOS.deleteWorkflows(old.map(({ workflowID }) => workflowID));
  return old.length;
}
