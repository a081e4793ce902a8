/** Processor time of whole process trees, also of what leaves its parent: each has a control group of its own. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface Group {
  /** A command that begins in it, with all that it starts. */
  within(command: string[]): string[];
  /** From now on counted here, with what it starts from now on. */
  take(pid: number): void;
  /** All of it so far. */
  seconds(): number;
  /** Ends whatever is left in it. */
  end(): Promise<void>;
}

const mountPoint = (): string | undefined =>
  readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "))
    .find(([, , type]) => type === "cgroup2")?.[1];

/** Why none can be made here; null when they can. */
export function groupTrouble(): string | null {
  const root = mountPoint();
  if (root === undefined) return "no cgroup2 is mounted: nobody can count the processor time of a process tree";
  return existsSync(join(root, "cgroup.kill")) || existsSync(join(root, "cgroup.procs"))
    ? null
    : `${root} is not the root of the control groups`;
}

export function openGroup(name: string): Group {
  const folder = join(mountPoint() ?? "", `changeover-bench-${process.pid}-${name}`);
  mkdirSync(folder);
  const members = join(folder, "cgroup.procs");
  return {
    within: (command) => ["sh", "-c", 'echo $$ >"$0" && exec "$@"', members, ...command],
    take: (pid) => writeFileSync(members, String(pid)),
    seconds: () => Number(/^usage_usec (\d+)$/m.exec(readFileSync(join(folder, "cpu.stat"), "utf8"))?.[1]) / 1e6,
    async end() {
      writeFileSync(join(folder, "cgroup.kill"), "1");
      for (let round = 0; readFileSync(members, "utf8") !== ""; round++) {
        if (round === 100) throw new Error(`processes in ${folder} do not end`);
        await sleep(20);
      }
      rmdirSync(folder);
    },
  };
}
