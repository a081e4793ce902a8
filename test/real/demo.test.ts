/** The demo as a user runs it: real components, live traffic, the report; `prove major` has it fail and go on. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Report } from "../../src/model/report.ts";
import { answerOf, leftIn, openProduct, type Product, type Ran } from "../product/product.ts";
import { failuresIn, harmOf, NO_HARM } from "../product/sights.ts";

const keysOf = (ledger: string): string[] =>
  readFileSync(ledger, "utf8")
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { key: string }).key);

/** What every report says, whatever the outcome. */
async function expectWholeReport(report: Report): Promise<void> {
  expect(report).toMatchObject({ strategy: "major", environment: "live", from: "1", to: "2" });
  expect(harmOf(report), await failuresIn(String(report.ledger))).toEqual(NO_HARM);
  expect(report.writes.acknowledged).toBeGreaterThan(50);
  expect(report.requests.total).toBeGreaterThan(report.writes.acknowledged);
  expect(report.requests.paged).toBeGreaterThan(0);
  expect(report.clientDowntimeMs).toBeGreaterThan(0);
  expect(report.writeGapMs).toBeGreaterThan(0);
  for (const { name, says, durationMs } of report.steps) {
    expect(says.length, name).toBeGreaterThan(10);
    expect(durationMs, name).toBeGreaterThanOrEqual(0);
  }
  const keys = keysOf(String(report.ledger));
  expect(new Set(keys).size).toBe(report.writes.acknowledged);
}

describe("npm run demo -- --json", () => {
  let product: Product;
  let ran: Ran;

  beforeAll(async () => {
    product = openProduct("demo");
    ran = await product.run(["demo", "--json"]);
  }, 180_000);
  afterAll(async () => {
    await product.end();
  });

  test("ends in the report of an upgrade that nobody lost anything by", async () => {
    expect(ran.code, ran.stderr).toBe(0);
    const report = answerOf<Report>(ran);
    expect(report).toMatchObject({ outcome: "upgraded", reason: null });
    await expectWholeReport(report);
    const { phases, steps } = report;
    expect(Object.keys(phases).sort()).toEqual(
      ["fenceMs", "migrationMs", "reopenMs", "smokeMs", "snapshotMs", "startMs", "swapMs", "syncMs"].sort(),
    );
    for (const [phase, ms] of Object.entries(phases)) expect(ms, phase).toBeGreaterThan(0);
    expect(steps.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["restore-backup", "launch-standby", "maintenance-on", "fence-database", "migrate"]),
    );
    expect(steps.filter(({ name }) => name.startsWith("undo "))).toEqual([]);
  });

  test("leaves nothing but the ledger", async () => {
    expect(await leftIn(product.folder)).toEqual([]);
    const kept = readdirSync(product.folder).filter((name) => name.startsWith("changeover-"));
    expect(kept).toEqual([expect.stringMatching(/^changeover-ledger-/)]);
    expect(existsSync(String(answerOf<Report>(ran).ledger))).toBe(true);
  });
});
