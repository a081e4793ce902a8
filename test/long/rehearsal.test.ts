/** Rehearsing on real components: the original serves all the time, the window is foretold, and no clone stays. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Health, PlanAnswer } from "../../src/api/contract.ts";
import type { RehearsalView } from "../../src/model/rehearsal.ts";
import type { LedgerSummary } from "../../src/model/report.ts";
import { writeBoard } from "../product/board.ts";
import { migrateRuns } from "../product/database.ts";
import { killAlong, pointAt } from "../product/killer.ts";
import { answerOf, leftIn, openProduct, processesOf, type Product } from "../product/product.ts";
import { failuresIn, harmOf, inSync, NO_HARM, serving, sightOf } from "../product/sights.ts";
import type { UpgradeView } from "../../src/view/upgrade-view.ts";

const CLONE = "board-rehearsal";
let product: Product;
const look = () => product.status("board");

beforeAll(async () => {
  product = openProduct("rehearse");
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

/** Of the clone: servers, processes, secrets; and the backup that it was made from. */
async function leftOfClone(): Promise<string[]> {
  const { environments } = await product.client.get<Health>("/health");
  const servers = join(product.home, "servers", CLONE);
  const shown = (folder: string) =>
    existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith(".")) : [];
  const replica = (await look()).inventory.databases.find(({ health }) => health.following !== null)?.record.name;
  return [
    ...environments.filter((name) => name !== "board"),
    ...shown(servers),
    ...shown(join(product.home, "secrets")).filter((name) => name !== "board.json"),
    ...shown(join(product.home, "servers", "board", String(replica), "mariadb", "backups")),
    ...processesOf(`${servers}/`).map(({ command }) => command),
  ];
}

/** The clone's bring-up, once it has begun. */
async function bringUpOf(id: string): Promise<UpgradeView> {
  for (let tries = 0; tries < 200; tries++) {
    const [first] = (await product.client.get<RehearsalView>(`/rehearsals/${id}`)).upgrades;
    if (first) return product.client.get<UpgradeView>(`/upgrades/${first}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("no clone was begun within 10 s");
}

test("killed while it copies and left alone by its command, it ends: the window is known, the original never noticed", async () => {
  const book = join(product.folder, "book.jsonl");
  const clients = product.start(["ledger", "--file", book, "--json"]);
  const watching = product.start(["rehearse", "--to", "2024.2"]);
  while (!watching.told().includes("bringing-up")) await new Promise((resolve) => setTimeout(resolve, 50));
  const { id } = await product.client.get<RehearsalView>("/environments/board/rehearsal");
  const bringUp = await bringUpOf(id);
  const hits = await killAlong(product, bringUp.id, [pointAt(bringUp, "copy-data", { when: "inside", delayMs: 300 })]);
  expect(hits.map(({ seenAs }) => seenAs)).toEqual(["now"]);
  watching.child.kill("SIGINT");
  expect((await watching.ended).stdout).toContain("goes on without this command");

  let seen = await product.client.get<RehearsalView>(`/rehearsals/${id}`);
  for (; seen.endedAt === null; seen = await product.client.get<RehearsalView>(`/rehearsals/${id}`))
    await new Promise((resolve) => setTimeout(resolve, 200));
  expect(seen).toMatchObject({ state: "rehearsed", problem: null });
  expect(await leftOfClone()).toEqual([]);
  clients.child.kill("SIGINT");
  const summary = answerOf<LedgerSummary>(await clients.ended);
  expect({ ...harmOf(summary), paged: summary.requests.paged }, await failuresIn(book)).toEqual({
    ...NO_HARM,
    paged: 0,
  });
  expect(summary.writes.acknowledged).toBeGreaterThan(10);
  expect(sightOf(await look())).toEqual(serving("2024.1", { servers: 1, workers: 0 }, "upgraded"));
  expect(await inSync(look)).toBe(true);
  expect(await migrateRuns(product)).toEqual(["2024.1 1"]);

  const { forecast, hash } = await product.answer<PlanAnswer>(["plan", "--to", "2024.2"]);
  expect(forecast).toMatchObject({ from: "rehearsal", unknown: [] });
  expect(forecast.windowMs).toBeGreaterThan(1_500);
  expect(forecast.diskBytes).toBeGreaterThan(10_000_000);
  const drawn = (await product.run(["plan", "--to", "2024.2"])).stdout;
  expect(drawn).toContain(`plan ${hash}`);
  expect(drawn).toMatch(/expected: window about .* from a rehearsal of this plan/);
}, 150_000);
