/** Becomes src/main.ts: replaces this process where Node can, else stands in front of it. */
import { join } from "node:path";
import { environmentFor, handOver, quietly } from "./handover.js";
import { getReady, readyAtOnce, root } from "./ready.js";
import { ending } from "./say.js";

/** @param {string[]} args */
export const main = (args) =>
  ending(async () => {
    const { path } = readyAtOnce() ?? (await getReady());
    const program = join(root, "src", "main.ts");
    // npx passes a Ctrl-C on to its child although the terminal has given it one: somebody has to stand between.
    if (typeof process.execve === "function" && !process.env.npm_command) {
      process.execve(path, [path, quietly, program, ...args], definedOf(environmentFor(path)));
    }
    return handOver(path, [program, ...args]);
  });

/** @param {NodeJS.ProcessEnv} env */
function definedOf(env) {
  /** @type {Record<string, string>} */
  const defined = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined) defined[name] = value;
  return defined;
}
