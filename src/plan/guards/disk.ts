/** Guard about disk space: every copy that the plan makes must fit, and better also what is logged meanwhile. */
import type { Plan } from "../../model/plan.ts";
import { launchStandby } from "../../steps/launch-standby.ts";
import { migrate } from "../../steps/migrate.ts";
import { restoreBackup } from "../../steps/restore-backup.ts";
import { retireServers } from "../../steps/retire-servers.ts";
import { retireSpare } from "../../steps/retire-spare.ts";
import { type Guard, refuses, warns } from "./guard.ts";

export const diskHasRoom: Guard = {
  name: "the disks have room for every copy",
  finds({ plan, readiness, blue, to, definition }) {
    if (!plan) return null;
    const fileSystemOf = (server: string): string => readiness.databases[server]?.disk.fileSystem ?? "";
    const dataBytes = readiness.databases[blue.primary.record.name]?.dataBytes ?? 0;
    const logging = [blue.primary, ...blue.replicas].map(({ record }) => fileSystemOf(record.name));
    const found = copiesAtMost(plan, fileSystemOf).map(({ fileSystem, copies }) => {
      const free = freeOn(readiness.databases, fileSystem);
      // A migration that changes each row logs each row, on every server that applies it.
      const logs = plan.stages.some(({ steps }) => steps.some(({ step }) => step === migrate.name))
        ? logging.filter((one) => one === fileSystem).length
        : 0;
      return { fileSystem, free, copies, needs: copies * dataBytes, better: (copies + logs) * dataBytes };
    });
    const next = `make room, or lower what the server keeps, then: changeover plan ${definition.environment} --to ${to}`;
    const short = found.find(({ free, needs }) => free < needs);
    if (short) {
      const { fileSystem, copies, needs, free } = short;
      return refuses(`${fileSystem}: ${copies} copies at once take ${size(needs)}, ${size(free)} are free`, next);
    }
    const tight = found.find(({ free, better }) => free < better);
    if (!tight) return null;
    return warns(
      `${tight.fileSystem}: the copies fit, but with what a migration may log it takes ${size(tight.better)}, ` +
        `${size(tight.free)} are free`,
      next,
    );
  },
};

const freeOn = (databases: Record<string, { disk: { fileSystem: string; freeBytes: number } }>, fileSystem: string) =>
  Math.min(
    ...Object.values(databases)
      .filter(({ disk }) => disk.fileSystem === fileSystem)
      .map(({ disk }) => disk.freeBytes),
  );

const size = (bytes: number): string => `${(bytes / 1e9).toFixed(bytes < 1e9 ? 3 : 1)} GB`;

interface Most {
  fileSystem: string;
  /** The most whole copies of the data that are there at one time. */
  copies: number;
}

/**
 * Walks the plan and holds what each step leaves on a disk. A new server is taken to lie where the server lies that it
 * is copied from; backups stay until the plan cleans up at its end.
 */
function copiesAtMost(plan: Plan, fileSystemOf: (server: string) => string): Most[] {
  /** What is held, and where. */
  const held = new Map<string, string>();
  const most = new Map<string, number>();
  for (const { step, input } of plan.stages.flatMap(({ steps }) => steps)) {
    if (step === launchStandby.name) {
      const { record, source } = launchStandby.input.parse(input);
      held.set(`server ${record.name}`, fileSystemOf(source));
    } else if (step === restoreBackup.name) {
      const { source, spare, backup } = restoreBackup.input.parse(input);
      held.set(`backup ${backup} on ${source}`, fileSystemOf(source));
      held.set(`server ${spare.name}`, fileSystemOf(source));
    } else if (step === retireSpare.name) {
      held.delete(`server ${retireSpare.input.parse(input).spare}`);
    } else if (step === retireServers.name) {
      for (const name of retireServers.input.parse(input).servers) held.delete(`server ${name}`);
    }
    for (const fileSystem of new Set(held.values())) {
      const now = [...held.values()].filter((one) => one === fileSystem).length;
      most.set(fileSystem, Math.max(most.get(fileSystem) ?? 0, now));
    }
  }
  return [...most].map(([fileSystem, copies]) => ({ fileSystem, copies }));
}
