/** The quick look at the house: format, lint, types, dead code and style, side by side, a line each. */
import { join } from "node:path";
import { availableParallelism } from "node:os";
import { capture } from "./capture.js";
import { environmentFor, quietly } from "./handover.js";
import { root } from "./ready.js";
import { seconds, Stop } from "./say.js";

/** @param {...string} path */
const script = (...path) => join(root, "node_modules", ...path);
/** Also emits, for `npm pack`. */
export const tsc = script("typescript", "bin", "tsc");
const biome = script("@biomejs", "biome", "bin", "biome");
export const vitest = script("vitest", "vitest.mjs");

/** @type {Record<string, string[]>} */
const parts = {
  types: [tsc, "-p", "."],
  "dead code": [script("knip", "bin", "knip.js"), "--no-progress", "--no-config-hints"],
  format: [biome, "format", "--max-diagnostics=50", "."],
  lint: [biome, "lint", "--max-diagnostics=50", "--error-on-warnings", "."],
};
const style = { style: [vitest, "run", "test/tidy.test.ts"] };

/** @param {string} node @param {string} name @param {string[]} command @returns {Promise<boolean>} */
async function part(node, name, command) {
  const began = performance.now();
  const env = { ...environmentFor(node), [process.stdout.isTTY ? "FORCE_COLOR" : "NO_COLOR"]: "1" };
  const { code, output } = await capture(node, [quietly, ...command], { limitMs: 180_000, cwd: root, env });
  const line = `${name.padEnd(10)} ${code === 0 ? "ok    " : "FAILED"} ${seconds(performance.now() - began)}\n`;
  process.stdout.write(code === 0 ? line : `${line}${output.trimEnd()}\n`);
  return code === 0;
}

/** @param {string} node @param {Record<string, string[]>} chosen @returns {Promise<{ passed: number, failed: number }>} */
async function runParts(node, chosen) {
  const waiting = Object.entries(chosen);
  const counts = { passed: 0, failed: 0 };
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      counts[(await part(node, ...next)) ? "passed" : "failed"] += 1;
    }
  };
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, lane));
  return counts;
}

/** All but style, which is one of the tests. @param {string} node */
export const checkBeforeTests = (node) => runParts(node, parts);

/** @param {string} node @param {string[]} args `--fix` lets the formatter and the linter write first */
export async function check(node, args) {
  const unknown = args.find((arg) => arg !== "--fix");
  if (unknown) throw new Stop(`"${unknown}" is not an option of check · there is --fix · npm run check -- --fix`);
  if (args.length > 0) await capture(node, [biome, "check", "--write", "."], { limitMs: 180_000, cwd: root });
  const began = performance.now();
  const { failed } = await runParts(node, { ...style, ...parts });
  process.stdout.write(
    `check ${failed === 0 ? "passed" : `failed in ${failed}`} after ${seconds(performance.now() - began)}\n`,
  );
  return failed === 0 ? 0 : 1;
}
