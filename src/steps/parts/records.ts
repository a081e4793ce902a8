/** Records of servers, and what is noted on them. */
import { Problem } from "../../model/problem.ts";
import type { ServerRecord } from "../../model/provider.ts";
import type { StepContext } from "../../model/step.ts";

/** Label: the schema's fingerprint as a migration left it on a copy. */
export const SCHEMA_NOTE = "schema";
/** Label: how the old release did on the migrated copy. */
export const OLD_RELEASE_NOTE = "oldRelease";

/** Label: how the old release did on the migrated copy of what is to be a minor upgrade. */
export const MINOR_NOTE = "minorTrial";

export async function recordOf({ world }: StepContext, server: string): Promise<ServerRecord> {
  const record = await world.provider.find(world.environment, server);
  if (record) return record;
  throw new Problem("not-found", {
    what: `there is no server "${server}"`,
    why: "it was retired, or never launched",
    next: "changeover status",
  });
}

/** Names of the servers that are still there: what was retired since needs nothing. */
export async function namesThere({ world }: Pick<StepContext, "world">): Promise<Set<string>> {
  return new Set((await world.provider.list(world.environment)).map(({ name }) => name));
}

/** These labels are set, the others stay as they are. */
export async function addLabels(context: StepContext, server: string, labels: Record<string, string>): Promise<void> {
  const { world } = context;
  const record = await recordOf(context, server);
  if (Object.entries(labels).every(([name, value]) => record.labels[name] === value)) return;
  await world.provider.relabel(world.environment, server, { ...record.labels, ...labels });
}

export async function dropLabel(context: StepContext, server: string, label: string): Promise<void> {
  const { world } = context;
  const record = await world.provider.find(world.environment, server);
  if (record?.labels[label] === undefined) return;
  const { [label]: _, ...rest } = record.labels;
  await world.provider.relabel(world.environment, server, rest);
}
