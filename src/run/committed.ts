/** Asks git whether a release's folder holds anything that is not committed. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Committed } from "../model/committed.ts";

const ASK_MS = 30_000;

/** Of one file in it when named. Ignored files do not count. Changes nothing, not even git's index. */
export async function readCommitted(folder: string, file = "."): Promise<Committed> {
  const env = { ...process.env, GIT_OPTIONAL_LOCKS: "0", LC_ALL: "C" };
  try {
    const asked = ["-C", folder, "status", "--porcelain", "--untracked-files=normal", "--", file];
    const { stdout } = await promisify(execFile)("git", asked, { env, timeout: ASK_MS, maxBuffer: 16_000_000 });
    return { changes: stdout.split("\n").flatMap((line) => (line === "" ? [] : [line.slice(3)])) };
  } catch (error) {
    const { stderr = "", message, code } = error as Error & { stderr?: string; code?: unknown };
    // Where there is no git, nothing was committed with it.
    if (code === "ENOENT" || stderr.includes("not a git repository")) return null;
    return { trouble: (stderr || message).trim().split("\n")[0] ?? "" };
  }
}
