/** The demo as a user runs it: real components, live traffic, the report; failures that are taken back, then upgraded. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LedgerSummary, Report } from "../../src/model/report.ts";
import { answerOf, leftIn, openProduct, type Product, type Ran } from "../product/product.ts";
import { failuresIn, harmOf, inSync, NO_HARM, serving, sightOf } from "../product/sights.ts";

const size = { servers: 4, workers: 1 };
const keysOf = (ledger: string): string[] =>
  readFileSync(ledger, "utf8")
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { key: string }).key);

/** What the ledger's clients counted, as it is in the report. */
function countIn({ ledger, requests, writes, clientDowntimeMs, writeGapMs }: Report): LedgerSummary {
  const { total, failed, paged } = requests;
  return {
    path: String(ledger),
    requests: { total, failed, paged },
    writes,
    clientDowntimeMs: Number(clientDowntimeMs),
    writeGapMs: Number(writeGapMs),
  };
}

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
  }, 120_000);
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

describe("npm run demo -- --keep --fail-at migrate, and on with the same environment", () => {
  let product: Product;
  let kept: Product;

  beforeAll(() => {
    product = openProduct("keep");
  });
  afterAll(async () => {
    const left = kept ? await kept.run(["down", "--all"]) : null;
    const processes = left ? await leftIn(product.folder) : [];
    await product.end();
    expect(left?.code, left?.stderr).toBe(0);
    expect(processes).toEqual([]);
    expect(existsSync(product.folder)).toBe(false);
  }, 60_000);

  const upgrade = async (...more: string[]): Promise<{ code: number | null; report: Report }> => {
    const ran = await kept.run(["upgrade", "--to", "2", "--yes", "--ledger", "--json", ...more]);
    return { code: ran.code, report: answerOf<Report>(ran) };
  };
  const look = () => kept.status("live");
  /** Sends nothing: reads the ledger's file, and the database. */
  const countAgain = (ledger: string | null) => kept.answer<LedgerSummary>(["ledger", "--count", String(ledger)]);

  test("half a migration is taken back: blue serves again, redundant, and nobody lost a write", async () => {
    const ran = await product.run(["demo", "--json", "--keep", "--fail-at", "migrate"]);
    expect(ran.code, ran.stderr).toBe(0);
    kept = product.at(/CHANGEOVER_HOME=(\S+)/.exec(ran.stderr)?.[1] ?? "");

    const report = answerOf<Report>(ran);
    expect(report.outcome).toBe("rolled-back");
    expect(report.reason).toContain("REHEARSE_FAILURE=half");
    await expectWholeReport(report);
    expect(report.steps.map(({ name }) => name)).toEqual(expect.arrayContaining(["migrate", "undo migrate"]));
    expect(sightOf(await look())).toEqual(serving("1", size, "rolled-back"));
    expect(await inSync(look)).toBe(true);
    expect(await countAgain(report.ledger)).toEqual(countIn(report));
  });

  test("then it is upgraded, and anybody can count the ledger again", async () => {
    const { code, report } = await upgrade();
    expect(code).toBe(0);
    expect(report.outcome).toBe("upgraded");
    await expectWholeReport(report);
    expect(sightOf(await look())).toEqual(serving("2", size, "upgraded"));
    expect(await inSync(look)).toBe(true);
    expect(await countAgain(report.ledger)).toEqual(countIn(report));
  });

  test("a count that finds nothing in the database says so", async () => {
    const invented = join(product.folder, "invented.jsonl");
    const lines = ["a-1", "a-2"].map((key) => JSON.stringify({ key, at: Date.now(), tries: 1, ms: 1, status: 201 }));
    writeFileSync(invented, `${lines.join("\n")}\n`);
    writeFileSync(`${invented}.answers`, "");
    const ran = await kept.run(["ledger", "--count", invented, "--json"]);
    expect(ran.code).toBe(1);
    expect(answerOf<LedgerSummary>(ran).writes).toEqual({ acknowledged: 2, lost: 2, duplicated: 0 });
  });
});
