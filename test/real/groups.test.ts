/** A scaling group of real servers under clients: it grows because they vote, shrinks because a person asks, nobody notices. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Activity } from "../../src/model/activity.ts";
import type { LedgerSummary } from "../../src/model/report.ts";
import { waitFor } from "../../src/model/clock.ts";
import { systemClock } from "../../src/run/clock.ts";
import type { GroupView } from "../../src/view/groups.ts";
import { writeBoard } from "../product/board.ts";
import { answerOf, leftIn, openProduct, type Product } from "../product/product.ts";
import { failuresIn, harmOf, NO_HARM, serving, sightOf } from "../product/sights.ts";

let product: Product;
const look = () => product.status("board");
const group = () => product.client.get<GroupView>("/environments/board/groups/burst");

beforeAll(async () => {
  product = openProduct("groups");
  const file = writeBoard(product.folder, (board) => {
    const application = board.application as Record<string, unknown>;
    application.group = { name: "burst", size: 0, min: 0, max: 1, calmSeconds: 1, votesSeconds: 60 };
    Object.assign(board.limits, { stopSeconds: 2, drainSeconds: 2 });
  });
  const up = await product.run(["up", file]);
  expect(up.code, up.stderr).toBe(0);
}, 60_000);

afterAll(async () => {
  const ended = await product.run(["down", "--all"]);
  const left = await leftIn(product.folder);
  await product.end();
  expect(ended.code, ended.stderr).toBe(0);
  expect(left).toEqual([]);
}, 60_000);

test("it grows by one when it is enabled and voted for, shrinks by one by hand, and no request fails", {
  timeout: 120_000,
}, async () => {
  expect((await product.run(["group", "vote", "burst", "grow", "--as", "busy app-1"])).stdout).toContain(
    "next: nothing: disabled since the environment came up",
  );
  const book = join(product.folder, "clients.jsonl");
  const clients = product.start(["ledger", "--file", book, "--json"]);
  expect((await product.run(["group", "enable", "burst"])).stdout).toContain('Group "burst" is enabled by ');
  const grown = await waitFor(systemClock, { withinMs: 60_000, everyMs: 200 }, async () => {
    const view = await group();
    return view.servers.some(({ state, sessions }) => state === "operational" && sessions >= 0) && view;
  });
  expect(grown, JSON.stringify(await group())).toMatchObject({ servers: [{ name: "burst-1", locked: null }] });
  const ended = await waitFor(
    systemClock,
    { withinMs: 20_000, everyMs: 200 },
    async () => (await group()).lastResizeAt,
  );
  expect(ended).not.toBeNull();
  expect(sightOf(await look())).toMatchObject({ ...serving("2024.1", { servers: 2, workers: 0 }, "upgraded") });
  expect((await look()).upgrade?.strategy, "another size is not what an environment is remembered by").toBe("bring-up");
  const { "0": last } = await product.client.get<Activity[]>("/activity?by=group%20burst");
  expect(last?.says).toBe("launch 1: 1 of 1 want it to grow, 0 to shrink (100 %): it is to grow");

  await product.answer(["group", "disable", "burst", "--reason", "the rush is over"]);
  const shrunk = await product.answer<{ state: string; group: GroupView }>(["group", "terminate", "burst"]);
  expect(shrunk).toMatchObject({ state: "upgraded", group: { servers: [], enabled: false } });
  clients.child.kill("SIGINT");
  const { requests, writes } = answerOf<LedgerSummary>(await clients.ended);
  expect(harmOf({ requests, writes }), await failuresIn(book)).toEqual(NO_HARM);
  expect(writes.acknowledged).toBeGreaterThan(10);
  expect(sightOf(await look())).toEqual(serving("2024.1", { servers: 1, workers: 0 }, "upgraded"));
});
