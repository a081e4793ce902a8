/** Runs the tests and ends with one plain line: how many passed, failed and were skipped. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkBeforeTests, vitest } from "./check.js";
import { handOver } from "./handover.js";
import { root } from "./ready.js";

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/** @param {Counts[]} counts @returns {Counts} */
export const sum = (counts) =>
  counts.reduce((total, { passed, failed, skipped }) => ({
    passed: total.passed + passed,
    failed: total.failed + failed,
    skipped: total.skipped + skipped,
  }));

/** @param {Counts} counts */
export const lineOf = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`;

/** A run that never reported is a failure, whatever its exit code says. @param {string} file @param {number} code @returns {Counts} */
export function countsFrom(file, code) {
  try {
    const counts = JSON.parse(readFileSync(file, "utf8"));
    return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/** What is run when nobody names anything: within ten minutes. CI runs `npm test -- --project long` as well. */
const SHORT = ["--project", "quick", "--project", "real"];

/** Without arguments the whole house; with arguments only what vitest makes of them. @param {string} node @param {string[]} args */
export async function test(node, args) {
  const parts = args.length === 0 ? await checkBeforeTests(node) : { passed: 0, failed: 0 };
  const folder = mkdtempSync(join(tmpdir(), "changeover-test-"));
  try {
    const file = join(folder, "counts.json");
    const chosen = args.length === 0 ? SHORT : args;
    const code = await handOver(node, [vitest, "run", "--root", root, ...chosen], { CHANGEOVER_COUNTS: file });
    const counts = sum([{ ...parts, skipped: 0 }, countsFrom(file, code)]);
    process.stdout.write(`${lineOf(counts)}\n`);
    return code > 128 ? code : Number(counts.failed > 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
