/** The stories of minor upgrades as a user runs them: `npm run example NAME -- --json`, from nothing to the report. */
import { afterEach, expect, test } from "vitest";
import type { Report } from "../../src/model/report.ts";
import { labTrouble } from "../../src/providers/lab/lab.ts";
import { answerOf, leftIn, openProduct, type Product } from "../product/product.ts";
import { failuresIn, harmOf, NO_HARM } from "../product/sights.ts";

let product: Product | null = null;
afterEach(async () => {
  await product?.end();
  product = null;
}, 60_000);

async function tell(name: string, strategy: string): Promise<Report> {
  product = openProduct(`example-${name}`);
  const ran = await product.run(["example", name, "--json"]);
  expect(ran.code, ran.stderr).toBe(0);
  const report = answerOf<Report>(ran);
  expect(report).toMatchObject({ outcome: "upgraded", strategy, kind: "minor", from: "2.0", to: "2.1", reason: null });
  expect(harmOf(report), await failuresIn(String(report.ledger))).toEqual(NO_HARM);
  expect(report.requests.paged).toBe(0);
  expect(report.clientDowntimeMs).toBe(0);
  expect(report.writes.acknowledged).toBeGreaterThan(100);
  expect(await leftIn(product.folder)).toEqual([]);
  return report;
}

const says = (report: Report): string => report.steps.map((step) => step.says).join("\n");

test("app-servers: new ones beside the old behind two load balancers, one switch", async () => {
  expect(says(await tell("app-servers", "replace"))).toContain("Swap the pools: the public goes from a to b");
});

test("rolling: a scaling group is replaced two at a time", async () => {
  const report = await tell("rolling", "rolling");
  expect(report.steps.filter(({ name }) => name === "drain-members").length).toBeGreaterThan(1);
});

test("canary: 10 %, half, all", async () => {
  const told = says(await tell("canary", "canary"));
  expect(told).toContain("Give 10 % of the public to pool b");
  expect(told).toContain("Give 50 % of the public to pool b");
});

test("in-place: three servers, one after the other", async () => {
  const report = await tell("in-place", "in-place");
  expect(report.steps.filter(({ name }) => name === "replace-release")).toHaveLength(3);
});

test.skipIf(labTrouble() !== null)(
  "front-ends: load balancers, servers and address together (skipped where `npm run lab` can make no hosts)",
  async () => {
    expect(says(await tell("front-ends", "replace"))).toMatch(/Move www \(10\.\d+\.0\.100\) from "lb-1" to "lb-3"/);
  },
);
