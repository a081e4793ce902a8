/** The words of `npm run`: what each needs before it can run, and what runs then. */
import { join } from "node:path";
import { check } from "./check.js";
import { emit } from "./emit.js";
import { handOver } from "./handover.js";
import { getReady, root } from "./ready.js";
import { ending, Stop } from "./say.js";
import { getSystemReady } from "./system.js";
import { test } from "./test.js";

/** @param {string[]} path @returns {(node: string, word: string, args: string[]) => Promise<number>} */
const program =
  (...path) =>
  (node, word, args) =>
    handOver(node, [join(root, ...path), word, ...args]);

/** @type {Record<string, (node: string, word: string, args: string[]) => Promise<number>>} */
const words = {
  demo: program("src", "main.ts"),
  example: program("src", "main.ts"),
  prove: program("bench", "main.ts"),
  bench: program("bench", "main.ts"),
  lab: program("src", "providers", "lab", "main.ts"),
  emit: (node) => emit(node),
  check: (node, _word, args) => check(node, args),
  test: (node, _word, args) => test(node, args),
};

/** @param {string[]} argv */
export const main = ([word = "", ...args]) =>
  ending(async () => {
    const run = words[word];
    if (!run) throw new Stop(`"${word}" is not one of the words · ${Object.keys(words).join(", ")} · npm run demo`);
    const { path } = await getReady();
    await getSystemReady(word, args);
    return run(path, word, args);
  });
