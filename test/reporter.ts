/** Shows each skipped test with its reason, refuses undeclared ones under CI, and counts. */
import { readFileSync, writeFileSync } from "node:fs";
import type { Reporter, SerializedError, TestModule } from "vitest/node";

export interface Skip {
  /** `test/real/x.test.ts > story > what happens` */
  name: string;
  note: string | null;
}

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Skips that nobody has declared; a declaration without a reason declares nothing. */
export const undeclared = (skips: Skip[], allowed: Record<string, string>): Skip[] =>
  skips.filter(({ name }) => !allowed[name]?.trim());

/** A file that never got as far as its tests, and an error outside of any test, are failures of their own. */
export function count(modules: readonly TestModule[], strayErrors: number): { counts: Counts; skips: Skip[] } {
  const counts: Counts = { passed: 0, failed: strayErrors, skipped: 0 };
  const skips: Skip[] = [];
  for (const module of modules) {
    const failedBefore = counts.failed;
    for (const test of module.children.allTests()) {
      const result = test.result();
      if (result.state === "passed") counts.passed += 1;
      else if (result.state === "skipped") {
        counts.skipped += 1;
        skips.push({ name: `${module.relativeModuleId} > ${test.fullName}`, note: result.note ?? null });
      } else counts.failed += 1;
    }
    if (!module.ok() && counts.failed === failedBefore) counts.failed += 1;
  }
  return { counts, skips };
}

function readAllowed(): Record<string, string> {
  return JSON.parse(readFileSync(new URL("allowed-skips.json", import.meta.url), "utf8"));
}

export default class CountingReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const { counts, skips } = count(modules, errors.length);
    const allowed = readAllowed();
    for (const { name, note } of skips) {
      process.stdout.write(`SKIPPED ${name} · ${note ?? allowed[name] ?? "no reason given"}\n`);
    }
    const refused = process.env.CI === "true" ? undeclared(skips, allowed) : [];
    for (const { name } of refused) {
      process.stdout.write(`FAILED ${name} · skipped under CI without a reason in test/allowed-skips.json\n`);
    }
    if (refused.length > 0) process.exitCode = 1;
    const final = { ...counts, failed: counts.failed + refused.length, skipped: counts.skipped - refused.length };
    const file = process.env.CHANGEOVER_COUNTS;
    if (file) writeFileSync(file, JSON.stringify(final));
    else process.stdout.write(`${final.passed} passed, ${final.failed} failed, ${final.skipped} skipped\n`);
  }
}
