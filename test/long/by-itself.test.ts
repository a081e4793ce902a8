/** What acts by itself on real servers: alerts that tell, signed, what is wrong and when it is over; a group that grows by votes. */
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import mysql from "mysql2/promise";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Message } from "../../src/model/alerts/message.ts";
import { metricNames } from "../../src/model/alerts/metrics.ts";
import { waitFor } from "../../src/model/clock.ts";
import { systemClock } from "../../src/run/clock.ts";
import type { AlertsView, AlertTestView } from "../../src/view/alerts.ts";
import { writeBoard } from "../product/board.ts";
import { answerOf, leftIn, openProduct, type Product } from "../product/product.ts";
import type { Activity } from "../../src/model/activity.ts";
import type { LedgerSummary } from "../../src/model/report.ts";
import type { GroupView } from "../../src/view/groups.ts";
import { failuresIn, harmOf, NO_HARM, serving, sightOf } from "../product/sights.ts";

const SECRET = "the-receiver-knows-it";
const LIMIT_MS = 60_000;

let product: Product;
const got: { message: Message; genuine: boolean }[] = [];
let answers = 200;

const receiver = createServer((request, response) => {
  void text(request).then((body) => {
    got.push({ message: JSON.parse(body) as Message, genuine: isGenuine(request.headers, body) });
    response.writeHead(answers).end("thank you");
  });
});

/** As a receiver would look, who knows of us only what the documentation says. */
function isGenuine(headers: IncomingHttpHeaders, body: string): boolean {
  const [, seconds = "", hash = ""] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers["changeover-signature"])) ?? [];
  const wanted = createHmac("sha256", SECRET).update(`${seconds}.${body}`).digest("hex");
  return hash === wanted && Math.abs(Date.now() / 1000 - Number(seconds)) < 60;
}

const of = (alert: string) => got.filter(({ message }) => message.alert === alert);
const list = () => product.client.get<AlertsView>("/environments/board/alerts");

beforeAll(async () => {
  product = openProduct("by-itself");
  await once(receiver.listen(0, "127.0.0.1"), "listening");
  const { port } = receiver.address() as AddressInfo;
  const notify = { notify: { url: `http://127.0.0.1:${port}/alerts`, secret: { credential: "hook" } } };
  const never = metricNames.map((metric) => ({
    name: `reads-${metric.toLowerCase()}`,
    when: { metric, over: 1e18, ...(metric === "errorLines" ? { pattern: "ERROR" } : {}) },
  }));
  const file = writeBoard(product.folder, (definition) => {
    Object.assign(definition.limits, { alertSeconds: 1, stopSeconds: 2, drainSeconds: 2 });
    const application = definition.application as Record<string, unknown>;
    application.group = { name: "burst", size: 0, min: 0, max: 1, calmSeconds: 1, votesSeconds: 60 };
    definition.alerts = [
      {
        name: "follows",
        when: { metric: "follows", under: 1, forSeconds: 2 },
        ...{ do: [notify], resolve: [notify] },
        escalate: [{ afterSeconds: 3_600, do: [{ pause: "upgrade" }] }],
      },
      ...never,
    ];
  });
  const refused = await product.run(["up", file]);
  expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining("changeover credential set board hook")]);
  const set = await product.start(["credential", "set", "board", "hook"], `${SECRET}\n`).ended;
  expect(set.code, set.stderr).toBe(0);
  const up = await product.run(["up", file]);
  expect(up.code, up.stderr).toBe(0);
}, 90_000);

afterAll(async () => {
  const ended = await product.run(["down", "--all"]);
  receiver.close();
  const left = await leftIn(product.folder);
  await product.end();
  expect(ended.code, ended.stderr).toBe(0);
  expect(left).toEqual([]);
}, 60_000);

async function onReplica(sql: string): Promise<void> {
  const socketPath = join(product.home, "servers/board/db-2/mariadb/sql.sock");
  const connection = await mysql.createConnection({ socketPath, user: userInfo().username });
  await connection.query(sql).finally(() => connection.end());
}

const arrives = (alert: string, event: Message["event"]) =>
  waitFor(systemClock, { withinMs: LIMIT_MS, everyMs: 100 }, async () =>
    of(alert).find(({ message }) => message.event === event && !message.synthetic),
  );

test("every metric is read from the real servers", { timeout: LIMIT_MS }, async () => {
  const seen = await waitFor(systemClock, { withinMs: LIMIT_MS, everyMs: 200 }, async () => {
    const { alerts } = await list();
    const targets = alerts.flatMap(({ alert, targets: all }) =>
      all.map((one) => [alert, one.target, one.value] as const),
    );
    const unknown = targets.filter(([, , one]) => one === null).length;
    return alerts.every((one) => one.targets.length > 0) && unknown <= 1 && targets;
  });
  const value = (alert: string, target: string) => seen?.find((one) => one[0] === alert && one[1] === target)?.[2];
  // A backup was never proven: that is known to be unknown, and to nothing else is no answer.
  expect(seen?.filter(([, , one]) => one === null).map(([alert]) => alert)).toEqual(["reads-backupagehours"]);
  expect(["lb-1", "app-1", "db-1", "db-2"].map((name) => value("reads-running", name))).toEqual([1, 1, 1, 1]);
  expect(value("reads-lagtransactions", "db-2")).toBe(0);
  expect(value("reads-healthy", "app-1")).toBe(100);
  expect(value("reads-poolhealthy", "public pool")).toBe(1);
  expect(value("reads-diskfreebytes", "db-1")).toBeGreaterThan(1_000_000);
});

test("a replica that stops is told, signed, and so is that it follows again", { timeout: LIMIT_MS }, async () => {
  await onReplica("STOP SLAVE SQL_THREAD");
  const raised = await arrives("follows", "raised");
  expect(raised).toMatchObject({ genuine: true, message: { target: "db-2", value: 0, environment: "board" } });
  expect((await product.run(["status"])).stdout).toMatch(/✗ alert follows, db-2: no \(.*raised/);
  await onReplica("START SLAVE SQL_THREAD");
  expect(await arrives("follows", "resolved")).toMatchObject({ genuine: true, message: { target: "db-2", value: 1 } });
  expect(of("follows").map(({ message }) => message.event)).toEqual(["raised", "resolved"]);
  expect((await product.run(["activity", "--limit", "50"])).stdout).toContain("alert follows");
});

test("a synthetic alert proves the way to the receiver, and fails when the receiver refuses", {
  timeout: LIMIT_MS,
}, async () => {
  const proven = await product.run(["alert", "test", "board", "follows", "--escalate"]);
  expect([proven.code, proven.stdout]).toEqual([0, expect.stringContaining("pause the upgrade: NOT PROVEN")]);
  const marked = of("follows").filter(({ message }) => message.synthetic);
  expect(marked.map(({ message, genuine }) => [message.event, genuine])).toEqual([
    ["raised", true],
    ["resolved", true],
  ]);
  answers = 410;
  const failed = await product.run(["alert", "test", "board", "follows", "--only", "notify", "--json"]);
  expect([failed.code, answerOf<AlertTestView>(failed).results.map(({ outcome }) => outcome)]).toEqual([
    1,
    ["failed", "failed"],
  ]);
  expect(`${failed.stdout}${(await product.run(["alert", "show", "board", "follows"])).stdout}`).not.toContain(SECRET);
});

const look = () => product.status("board");
const group = () => product.client.get<GroupView>("/environments/board/groups/burst");

test("a group grows by one when it is enabled and voted for, shrinks by one by hand, and no request fails", {
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
