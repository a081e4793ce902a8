/** What is to be run, written as shell text that the runner reads: environment, folder, limit, command. */
import { Problem } from "../../model/problem.ts";

export interface Definition {
  command: string;
  env?: Record<string, string> | undefined;
  /** Absolute. */
  cwd: string;
  timeoutMs?: number;
}

export const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Hundredths of a second, which is how exactly the runner counts. */
export const hundredths = (ms: number): number => Math.max(1, Math.ceil(ms / 10));

export function definitionText({ command, env = {}, cwd, timeoutMs }: Definition): Buffer {
  const lines = Object.entries(env).map(([name, value]) => `export ${checkedName(name)}=${quote(withoutNul(value))}`);
  lines.push(`changeover_cwd=${quote(cwd)}`, `changeover_command=${quote(withoutNul(command))}`);
  if (timeoutMs !== undefined) lines.push(`changeover_seconds=${hundredths(timeoutMs) / 100}`);
  // The runner looks for this last line: half a command must never be run.
  return Buffer.from(`${lines.join("\n")}\nchangeover_whole=yes\n`);
}

function checkedName(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !/^changeover_/i.test(name)) return name;
  throw new Problem("bad-input", {
    what: `"${name}" can't be the name of an environment variable`,
    why: "letters, digits and _ only, and names that begin with CHANGEOVER_ are kept for the runner",
    next: "give it another name",
  });
}

function withoutNul(text: string): string {
  if (!text.includes("\0")) return text;
  throw new Problem("bad-input", {
    what: "a command or an environment variable holds a zero byte",
    why: "no process can be given one",
    next: "take it out",
  });
}
