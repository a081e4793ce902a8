/** Minor upgrades of one environment, one after the other by each strategy, under clients: real load balancers, database and servers. */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseDocument } from "yaml";
import type { MinorStrategy } from "../../src/model/plan.ts";
import type { ProblemText } from "../../src/model/problem.ts";
import type { Report } from "../../src/model/report.ts";
import { answerOf, openProduct, type Product, type Ran } from "../product/product.ts";
import { failuresIn, harmOf, NO_HARM, serving, sightOf } from "../product/sights.ts";

const FILE = join(import.meta.dirname, "../../examples/minor/environment.yaml");
const ENVIRONMENT = "notes";
const SIZE = { servers: 3, workers: 1 };

let product: Product;
beforeAll(async () => {
  product = openProduct("minor");
  const up = await product.run(["up", notes(product.folder)]);
  expect(up.code, up.stderr).toBe(0);
}, 120_000);
afterAll(async () => {
  await product?.run(["down", "--all"]);
  await product?.end();
}, 60_000);

/** The example, with releases that differ from 2.1 in an input only: those need no migration, and so no copy. */
function notes(folder: string): string {
  const document = parseDocument(readFileSync(FILE, "utf8"));
  const artefact = (release: string) => join(dirname(FILE), release);
  document.setIn(["releases", "2.0", "artefact"], artefact("2.0"));
  document.setIn(["releases", "2.1", "artefact"], artefact("2.1"));
  const { build, start } = (document.toJS() as { releases: Record<string, object> }).releases["2.1"] as never;
  for (const name of ["placed", "shared", "rolled", "turned"]) {
    const release = { artefact: artefact("2.1"), build, start, inputs: { COLOUR: name } };
    document.setIn(["releases", name], document.createNode(release));
  }
  document.setIn(["application", "servers"], 2);
  document.setIn(["application", "group", "size"], 1);
  // Which release answers is asked by `checks.version`.
  document.deleteIn(["checks", "read", 1]);
  document.set("minor", document.createNode({ batch: 2, shares: [50], soakSeconds: 1, waitSeconds: 60, samples: 10 }));
  document.setIn(["limits", "keepSeconds"], 0);
  const path = join(folder, "environment.yaml");
  writeFileSync(path, String(document));
  return path;
}

async function upgrade(strategy: MinorStrategy, to: string, ...more: string[]): Promise<Report> {
  return reportOf(await product.run(wordsOf(strategy, to, ...more)), strategy, to);
}

const wordsOf = (strategy: MinorStrategy, to: string, ...more: string[]): string[] => [
  ...["upgrade", ENVIRONMENT, "--to", to, "--strategy", strategy, "--yes", "--ledger", "--json"],
  ...more,
];

async function reportOf(ran: Ran, strategy: MinorStrategy, to: string): Promise<Report> {
  const report = answerOf<Report>(ran);
  expect(report, ran.stderr).toMatchObject({ strategy, kind: "minor", downtime: "none", to });
  expect(harmOf(report), await failuresIn(String(report.ledger))).toEqual(NO_HARM);
  expect(report.requests.paged).toBe(0);
  expect(report.writes.acknowledged).toBeGreaterThan(20);
  return report;
}

const sight = async () => sightOf(await product.status(ENVIRONMENT));
const names = (report: Report): string[] => report.steps.map(({ name }) => name);

test("replace: proven on a copy, migrated, switched; the report says what the proof did not cover", async () => {
  const report = await upgrade("replace", "2.1", "--why", "authors", "--tell", "ops@notes.test");
  expect(report).toMatchObject({ outcome: "upgraded", why: "authors", tell: ["ops@notes.test"] });
  expect(report.oldReleaseOnNewSchema).toBe("all checks hold");
  expect(report.notCovered).toContain("there is no check of your own");
  expect(names(report)).toEqual(expect.arrayContaining(["restore-backup", "try-minor", "same-as-tried", "swap-pools"]));
  expect(await sight()).toEqual(serving("2.1", SIZE, "upgraded"));
});

test("in place: taken back when its last step fails, then done", async () => {
  const back = await upgrade("in-place", "placed", "--fail-at", "scan-errors");
  expect(back.outcome).toBe("rolled-back");
  expect(await sight()).toEqual(serving("2.1", SIZE, "rolled-back"));
  const report = await upgrade("in-place", "placed");
  expect(report.outcome, String(report.reason)).toBe("upgraded");
  expect(names(report)).not.toContain("restore-backup");
  expect(await sight()).toEqual(serving("placed", SIZE, "upgraded"));
});

test("canary: half of the public first, compared, then all of it", async () => {
  const report = await upgrade("canary", "shared");
  expect(report.outcome, String(report.reason)).toBe("upgraded");
  expect(names(report)).toEqual(expect.arrayContaining(["share-traffic", "compare-generations"]));
  expect(await sight()).toEqual(serving("shared", SIZE, "upgraded"));
});

test("two operators at once: one of them upgrades, the other is told why not", async () => {
  const strategies = ["rolling", "replace"] as const;
  const both = await Promise.all(strategies.map((strategy) => product.run(wordsOf(strategy, "rolled"))));
  expect(both.map(({ code }) => code).sort()).toEqual([0, 3]);
  const [first, second] = both as [Ran, Ran];
  const [refused, strategy] = first.code === 0 ? [second, strategies[0]] : [first, strategies[1]];
  const { problem } = answerOf<{ problem: ProblemText }>(refused);
  expect(problem.why).not.toBe("");
  expect(problem.next).toContain("changeover");
  const report = await reportOf(first.code === 0 ? first : second, strategy, "rolled");
  expect(report.outcome, String(report.reason)).toBe("upgraded");
  expect(await sight()).toEqual(serving("rolled", SIZE, "upgraded"));
});

test("rolling: a batch of new servers joins, as many old ones leave", async () => {
  const report = await upgrade("rolling", "turned");
  expect(report.outcome, String(report.reason)).toBe("upgraded");
  expect(await sight()).toEqual(serving("turned", SIZE, "upgraded"));
});
