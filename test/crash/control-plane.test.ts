/** The control plane is killed with signal 9 in the middle of real upgrades: each ends as it should, and nothing is lost. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Health } from "../../src/api/contract.ts";
import type { LedgerSummary, Report } from "../../src/model/report.ts";
import type { UpgradeView } from "../../src/view/upgrade-view.ts";
import { writeBoard } from "../product/board.ts";
import { migrateRuns } from "../product/database.ts";
import { type Hit, killAlong, pointAt } from "../product/killer.ts";
import { answerOf, leftIn, openProduct, type Product } from "../product/product.ts";
import { failuresIn, harmOf, inSync, NO_HARM, serving, sightOf } from "../product/sights.ts";

const size = { servers: 1, workers: 0 };
let product: Product;
const look = () => product.status("board");

beforeAll(async () => {
  product = openProduct("kill");
  const ran = await product.run(["up", writeBoard(product.folder)]);
  expect(ran.code, ran.stderr).toBe(0);
}, 60_000);

afterAll(async () => {
  const ended = await product.run(["down", "--all"]);
  const left = await leftIn(product.folder);
  await product.end();
  expect(ended.code, ended.stderr).toBe(0);
  expect(left).toEqual([]);
}, 60_000);

/** The upgrade that a command has just started. */
async function upgradeOf(strategy: string, release: string): Promise<UpgradeView> {
  for (let look = 0; look < 100; look++) {
    const seen = await product.client.get<UpgradeView | null>("/environments/board/upgrade");
    if (seen?.strategy === strategy && seen.to === release && !["upgraded", "rolled-back"].includes(seen.state))
      return seen;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("no upgrade began within 10 s");
}

/** The supervisor says so each time it had to bring it back. */
const restarts = (): number =>
  readFileSync(join(product.home, "control.log"), "utf8").split("starting it again").length - 1;

const missedIn = (hits: Hit[]): string[] => hits.flatMap(({ backMs, seenAs }) => (backMs === null ? [seenAs] : []));

test("a second control plane in the same home is refused, and the first one still answers", async () => {
  const first = await product.client.get<Health>("/health");
  const second = await product.run(["serve"]);
  expect([second.code, second.stderr]).toEqual([3, expect.stringContaining("can't run in this home")]);
  expect(await product.client.get<Health>("/health")).toEqual(first);
}, 30_000);

test("around the migration, at the gate together with its supervisor, and on the way back", async () => {
  const book = join(product.folder, "book.jsonl");
  const clients = product.start(["ledger", "--file", book, "--json"]);
  const command = product.start(["upgrade", "--to", "2024.2"]);
  const begun = await upgradeOf("major", "2024.2");
  const forward = await killAlong(product, begun.id, [
    pointAt(begun, "restore-backup", { says: "before-migration", when: "ended" }),
    pointAt(begun, "migrate", { when: "inside", delayMs: 500 }),
    pointAt(begun, "migrate", { when: "ended" }),
    pointAt(begun, "gate", { when: "begins", withSupervisor: true }),
  ]);
  expect(forward.map((hit) => hit.seenAs)).toEqual(["done", "now", "done", "now"]);
  const asked = await command.ended;
  expect([asked.code, asked.stdout], asked.stderr).toEqual([0, expect.stringContaining('Gate "reopen"')]);
  expect(restarts()).toBe(3);

  const back = product.start(["rollback", "--json"]);
  const goingBack = await product.client.get<UpgradeView>(`/upgrades/${begun.id}`);
  const undone = await killAlong(product, begun.id, [
    pointAt(goingBack, "migrate", { direction: "undo", when: "begins" }),
    { direction: "after", index: 0, step: "restore-redundancy", when: "inside", delayMs: 300 },
  ]);
  expect(missedIn(undone)).toEqual([]);
  const ended = await back.ended;
  expect(ended.code, ended.stderr).toBe(0);
  expect(ended.stderr).toContain("Way back: promote the standby");
  expect(answerOf<UpgradeView>(ended).state).toBe("rolled-back");

  clients.child.kill("SIGINT");
  const counted = await clients.ended;
  expect(harmOf(answerOf<LedgerSummary>(counted)), await failuresIn(book)).toEqual(NO_HARM);
  expect(answerOf<LedgerSummary>(counted).writes.acknowledged).toBeGreaterThan(10);
  expect(sightOf(await look())).toEqual(serving("2024.1", size, "rolled-back"));
  expect(await inSync(look)).toBe(true);
  // The primary that serves is the standby that was frozen before the migration.
  expect(await migrateRuns(product)).toEqual(["2024.1 1"]);
}, 180_000);

test("in the fence, in the migration, in the swap and while it reopens: upgraded, and migrated once", async () => {
  const command = product.start(["upgrade", "--to", "2024.2", "--yes", "--ledger", "--json"]);
  const begun = await upgradeOf("major", "2024.2");
  const hits = await killAlong(product, begun.id, [
    pointAt(begun, "fence-database", { when: "begins" }),
    pointAt(begun, "migrate", { when: "begins" }),
    pointAt(begun, "swap-pools", { when: "begins" }),
    pointAt(begun, "reopen", { when: "begins" }),
  ]);
  expect(missedIn(hits)).toEqual([]);
  const ended = await command.ended;
  expect(ended.code, ended.stderr).toBe(0);
  const report = answerOf<Report>(ended);
  expect(report.outcome).toBe("upgraded");
  expect(harmOf(report), await failuresIn(String(report.ledger))).toEqual(NO_HARM);
  expect(sightOf(await look())).toEqual(serving("2024.2", size, "upgraded"));
  expect(await inSync(look)).toBe(true);
  expect(await migrateRuns(product)).toEqual(["2024.1 1", "2024.2 1"]);
}, 180_000);
