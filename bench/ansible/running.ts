/** Runs one command from its start to its end: by the clock, and by the processor with all that it started. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { openGroup } from "./processor.ts";

const LIMIT_MS = 300_000;

export interface Command {
  command: string[];
  /** Beside what this process has. */
  env: Record<string, string>;
}

export interface Ran {
  code: number | null;
  wallS: number;
  cpuS: number;
  /** What it printed. */
  told: string;
}

export async function runIn(name: string, { command, env }: Command): Promise<Ran> {
  const group = openGroup(name);
  try {
    const [program = "", ...args] = group.within(command);
    const began = performance.now();
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    let told = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (part: string) => {
        told += part;
      });
    }
    const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
    // Not its close: what it leaves in the background may hold its output.
    const [code] = (await once(child, "exit")) as [number | null];
    clearTimeout(limit);
    const wallS = Math.round(performance.now() - began) / 1000;
    return { code, wallS, cpuS: Math.round(group.seconds() * 1000) / 1000, told };
  } finally {
    await group.end();
  }
}
