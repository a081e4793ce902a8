/** The control plane is killed with signal 9 in the middle of a real upgrade, which goes back; `prove crash` does all. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Health } from "../../src/api/contract.ts";
import type { LedgerSummary } from "../../src/model/report.ts";
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

test("around the migration, at the gate together with its supervisor, and on the way back after a denial", async () => {
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

  expect((await product.run(["deny"])).code).toBe(0);
  const back = product.start(["watch", "--json"]);
  const goingBack = await product.client.get<UpgradeView>(`/upgrades/${begun.id}`);
  const undone = await killAlong(product, begun.id, [
    pointAt(goingBack, "migrate", { direction: "undo", when: "begins" }),
    { direction: "after", index: 0, step: "restore-redundancy", when: "inside", delayMs: 300 },
  ]);
  expect(missedIn(undone)).toEqual([]);
  const ended = await back.ended;
  expect(ended.code, ended.stderr).toBe(5);
  expect(answerOf<UpgradeView>(ended)).toMatchObject({
    state: "rolled-back",
    reason: expect.stringContaining('gate "reopen" was denied'),
  });

  clients.child.kill("SIGINT");
  const counted = await clients.ended;
  expect(harmOf(answerOf<LedgerSummary>(counted)), await failuresIn(book)).toEqual(NO_HARM);
  expect(answerOf<LedgerSummary>(counted).writes.acknowledged).toBeGreaterThan(10);
  expect(sightOf(await look())).toEqual(serving("2024.1", size, "rolled-back"));
  expect(await inSync(look)).toBe(true);
  // The primary that serves is the standby that was frozen before the migration.
  expect(await migrateRuns(product)).toEqual(["2024.1 1"]);
}, 180_000);
