/** Runs a command to its end within a limit and keeps what it printed. */
import { spawn } from "node:child_process";

const outputBytesMax = 2_000_000;

/**
 * @typedef {{ code: number, output: string }} Captured `code` is 127 when the command could not be started, 124 when
 *   it ran into its limit; `output` is stdout and stderr in the order they came.
 * @param {string} command
 * @param {string[]} args
 * @param {{ limitMs: number, cwd?: string, env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<Captured>}
 */
export function capture(command, args, { limitMs, cwd, env }) {
  return new Promise((resolve) => {
    let output = "";
    let late = false;
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    const limit = setTimeout(() => {
      late = true;
      child.kill("SIGTERM");
      setTimeout(() => child.kill("SIGKILL"), 5_000).unref();
    }, limitMs);
    const keep = (/** @type {Buffer} */ chunk) => {
      output = (output + chunk.toString()).slice(-outputBytesMax);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error) => {
      clearTimeout(limit);
      resolve({ code: 127, output: `${output}${error.message}\n` });
    });
    child.on("close", (code) => {
      clearTimeout(limit);
      if (late) resolve({ code: 124, output: `${output}stopped after ${limitMs / 1000} s\n` });
      else resolve({ code: code ?? 1, output });
    });
  });
}
