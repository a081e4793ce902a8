/** The whole product after reopening: clients write, a rollback says exactly what it would lose, and is taken when that is accepted. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LossAnswer } from "../../src/run/control-plane.ts";
import type { RowEvent } from "../../src/model/row-events.ts";
import type { Report } from "../../src/model/report.ts";
import type { UpgradeView } from "../../src/view/upgrade-view.ts";
import { writeBoard } from "../product/board.ts";
import { answerOf, leftIn, openProduct, type Product, type Started } from "../product/product.ts";
import { serving, sightOf } from "../product/sights.ts";

const LIMIT_MS = 240_000;
let product: Product;
let going: Started;
let upgrade: UpgradeView;

const look = () => product.status("board");
const problemOf = async (args: string[]) => {
  const ran = await product.run(["rollback", ...args, "--json"]);
  return { code: ran.code, said: `${ran.stdout}${ran.stderr}`, ...answerOf<{ problem: Record<string, string> }>(ran) };
};

/** As a client, through the load balancer. */
async function post(ref: string): Promise<void> {
  const [balancer] = (await look()).inventory.loadBalancers;
  const sent = request({
    host: balancer?.record.address,
    port: 8080,
    method: "POST",
    path: "/notices",
    headers: { host: "board.test", "content-type": "application/x-www-form-urlencoded" },
  });
  const answer = new Promise<string>((resolve, reject) => {
    sent.on("response", (response) => resolve(text(response)));
    sent.on("error", reject);
  });
  sent.end(`ref=${ref}&author=Canary&text=canary+${ref}`);
  expect(await answer).toContain("on the board");
}

beforeAll(async () => {
  product = openProduct("loss");
  const file = writeBoard(product.folder, (board) => {
    Object.assign(board.limits, { keepSeconds: 600, stopSeconds: 2, drainSeconds: 2 });
  });
  await product.answer(["up", file]);
  going = product.start(["upgrade", "board", "--to", "2024.2", "--yes", "--json"]);
  for (const deadline = Date.now() + 180_000; Date.now() < deadline; await sleep(100)) {
    // Not by looking at the servers, which would slow them down.
    const seen = await product.client.get<UpgradeView | null>("/environments/board/upgrade").catch(() => null);
    if (seen?.gate?.name === "retire") upgrade = seen;
    if (upgrade || seen?.state === "rolled-back") break;
  }
  expect(upgrade?.gate, going.told()).toMatchObject({ name: "retire" });
}, LIMIT_MS);

afterAll(async () => {
  const ended = await product.run(["down", "--all"]);
  const left = await leftIn(product.folder);
  await product.end();
  expect(ended.code, ended.stderr).toBe(0);
  expect(left).toEqual([]);
}, 60_000);

test("refused with its price, exported first; accepted, it is taken, and what it lost is in the export", {
  timeout: LIMIT_MS,
}, async () => {
  expect(upgrade.wayBack).toContain("loses what was written since reopening, counted when asked");
  const before = ["one", "two", "three"];
  for (const ref of before) await post(ref);
  const refused = await problemOf([upgrade.id]);
  expect(refused.code).toBe(3);
  const counted = join(product.home, "exports", `${upgrade.id}-counted.jsonl`);
  expect(refused.problem.why).toContain("notices 3 inserted");
  expect(refused.problem.why).toContain(`exported to ${counted}`);
  expect(statSync(counted).mode & 0o777).toBe(0o600);

  const { loss, kind } = await product.client.get<LossAnswer>(`/upgrades/${upgrade.id}/loss`);
  expect(kind).toBe("priced");
  expect(loss?.tables).toContainEqual({ table: "notices", inserted: 3, updated: 0, deleted: 0, net: 3 });
  expect(refused.problem.next).toBe(`changeover rollback ${upgrade.id} --accept-loss ${loss?.hash}`);
  expect((await problemOf([upgrade.id, "--accept-loss", "000000000000"])).problem.why).toContain(
    "nothing that was counted",
  );
  expect((await look()).upgrade?.state, "nothing was taken back yet").toBe("at-gate");

  // More of the same: accepted as well, and in the final export.
  const refs = [...before, "four", "five"];
  for (const ref of refs.slice(3)) await post(ref);
  const taken = await product.run(["rollback", upgrade.id, "--accept-loss", String(loss?.hash)]);
  expect(taken.code, taken.stderr).toBe(0);
  expect(`${taken.stdout}${taken.stderr}${refused.said}`, "content of rows is never printed").not.toMatch(/canary/i);
  expect((await going.ended).code, "whoever watched the upgrade").toBe(5);

  expect(sightOf(await look())).toEqual(serving("2024.1", { servers: 1, workers: 0 }, "rolled-back"));
  const report = await product.answer<Report>(["report", upgrade.id]);
  expect(report).toMatchObject({ outcome: "rolled-back", reason: expect.stringContaining("asked for") });
  expect(report.loss?.tables).toContainEqual({ table: "notices", inserted: 5, updated: 0, deleted: 0, net: 5 });
  const exported = report.loss?.exportedTo ?? "";
  expect(statSync(exported).mode & 0o777).toBe(0o600);
  expect(existsSync(counted), "the final export holds everything of it").toBe(false);
  const lines = readFileSync(exported, "utf8").trimEnd().split("\n");
  const rows = lines.map((line) => JSON.parse(line) as RowEvent);
  expect(rows.filter(({ table }) => table === "notices").map(({ after }) => [after?.ref, after?.body])).toEqual(
    refs.map((ref) => [ref, `canary ${ref}`]),
  );
  expect(report.loss?.events).toBe(rows.length);
  const keys = await product.client.get<string[]>("/environments/board/ledger/keys");
  expect(keys).toContain("first");
  expect(
    keys.filter((key) => refs.includes(key)),
    "none of them is on the restored primary",
  ).toEqual([]);
});
