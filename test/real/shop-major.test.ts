/** The demo's shop, run without Changeover: honest on its own schema, broken on another, and never two orders for one key. */
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { countAgain } from "../../src/ledger/book.ts";
import { runLedger } from "../../src/ledger/run.ts";
import {
  clock,
  type DatabaseServer,
  endAll,
  endApplications,
  migrate,
  newFolder,
  openDatabaseServer,
  openExample,
  type Release,
  removeFolder,
  start,
  startWeb,
  until,
} from "./shop-world.ts";

const addresses = { database: "127.163.28.10", one: "127.163.28.21", two: "127.163.28.22" };
let folder: string;
let database: DatabaseServer;
let example: Awaited<ReturnType<typeof openExample>>;
let one: Release;
let two: Release;

beforeAll(async () => {
  folder = await newFolder("shop");
  [example, database] = await Promise.all([
    openExample("major", folder),
    openDatabaseServer(join(folder, "database"), addresses.database),
  ]);
  [one, two] = [example.releases["1"] as Release, example.releases["2"] as Release];
}, 180_000);

afterEach(endApplications);

afterAll(async () => {
  await endAll();
  await removeFolder(folder);
});

const order = (key: string, more = {}) => ({
  method: "POST",
  body: JSON.stringify({ key, customer: "Zoe Zimt", items: [{ sku: "shade-1", quantity: 2, price: "1.25" }], ...more }),
});
const status = async (url: string, request?: RequestInit) => (await fetch(url, request)).status;
const reaches = async (address: string) => {
  const socket = connect(8000, address);
  const reached = await once(socket, "connect").then(
    () => true,
    () => false,
  );
  socket.destroy();
  return reached;
};
const rows = async (sql: string) => (await database.root.query(sql))[0] as Record<string, unknown>[];

test("release 1 comes up from nothing, takes an order, and its worker packs it", async () => {
  const env = await database.environment("fresh");
  const before = await startWeb(one, addresses.one, env);
  expect(await status(`${before.url}/healthz`)).toBe(503);
  const first = await migrate(one, env);
  expect(first).toMatchObject({ code: 0, output: expect.stringMatching(/migrated {2}0002-catalogue.sql in \d+ ms/) });
  expect(await migrate(one, env)).toMatchObject({ code: 0, output: "nothing to do\n" });

  expect(await status(`${before.url}/healthz`)).toBe(200);
  const worker = start(one.start.worker ?? "", one.folder, { ...env, SERVER_NAME: "worker-1" });
  const placed = await fetch(`${before.url}/orders`, order("first-order", { note: "<b>bow</b>" }));
  expect(placed.status).toBe(201);
  expect(await placed.json()).toMatchObject({ key: "first-order", customer: "Zoe Zimt", total: "2.50", status: "new" });
  const byKey = `${before.url}/orders/by-key/first-order`;
  const packed = async () => ((await (await fetch(byKey)).json()) as { status: string }).status === "packed";
  await until("the worker packs", packed);
  const html = await (await fetch(before.url)).text();
  expect(html).toContain("<td>Zoe Zimt<td>2.50");
  expect((await worker.stop()).code).toBe(0);
  expect((await before.stop()).code).toBe(0);
});

test("one key is one order, however often and however parallel it is sent, and can be taken back whole", async () => {
  const env = await database.environment("once");
  await migrate(one, env);
  const web = await startWeb(one, addresses.one, env);
  const counts = `SELECT (SELECT COUNT(*) FROM once.orders) orders, (SELECT COUNT(*) FROM once.customers) customers,
    (SELECT COUNT(*) FROM once.order_items) items`;
  const before = await rows(counts);

  const header = { ...order("ignored"), headers: { "idempotency-key": "same" } };
  const requests = Array.from({ length: 20 }, (_, index) => (index % 2 ? order("same") : header));
  const codes = await Promise.all(requests.map((request) => status(`${web.url}/orders`, request)));
  expect(codes.toSorted()).toEqual([...Array(19).fill(200), 201]);
  expect(await rows("SELECT COUNT(*) n FROM once.orders WHERE idempotency_key = 'same'")).toEqual([{ n: 1 }]);

  expect(await status(`${web.url}/orders`, order("bad", { items: [{ sku: "x", quantity: -1, price: "1" }] }))).toBe(
    400,
  );
  expect(await status(`${web.url}/orders/by-key/same`, { method: "DELETE" })).toBe(204);
  expect(await status(`${web.url}/orders/by-key/same`, { method: "DELETE" })).toBe(204);
  expect(await rows(counts)).toEqual(before);
  await web.stop();
});

test("cut connections cost no request, and a database that was away is found again", async () => {
  const env = await database.environment("cuts");
  await migrate(one, env);
  const web = await startWeb(one, addresses.one, env);
  for (let round = 0; round < 5; round++) {
    await Promise.all(Array.from({ length: 6 }, () => fetch(`${web.url}/orders/recent`)));
    await database.root.query("KILL USER app");
    expect(await status(`${web.url}/orders`, order(`after-cut-${round}`))).toBe(201);
  }
  await database.stop();
  expect(await status(`${web.url}/healthz`)).toBe(503);
  const waiting = status(`${web.url}/orders`, order("while-away"));
  await database.start();
  expect(await waiting).toBe(201);
  expect(await status(`${web.url}/healthz`)).toBe(200);
  await web.stop();
});

test("TERM lets a request in flight end well", async () => {
  const env = await database.environment("ending");
  await migrate(one, env);
  const web = await startWeb(one, addresses.one, env);
  await database.root.query("LOCK TABLES ending.customers WRITE");
  const answer = fetch(`${web.url}/orders`, order("late"));
  const blocked = "SELECT 1 FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for table%'";
  await until("the order waits for the lock", async () => (await rows(blocked)).length > 0);
  // A visitor who never asks for anything must not keep it from ending.
  const silent = connect(8000, addresses.one).on("error", () => {});
  await once(silent, "connect");
  const stopped = web.stop();
  await until("nobody new gets in", () => reaches(addresses.one).then((reached) => !reached));
  await database.root.query("UNLOCK TABLES");
  expect((await answer).status).toBe(201);
  expect(await stopped).toMatchObject({ code: 0 });
  silent.destroy();
});

test("release 2 refuses the old schema, migrates it, keeps every order, and release 1 refuses the new one", async () => {
  const env = await database.environment("upgraded");
  await migrate(one, env);
  const [old, young] = [await startWeb(one, addresses.one, env), await startWeb(two, addresses.two, env)];
  expect(await status(`${old.url}/orders`, order("before", { note: "keep me" }))).toBe(201);
  expect(await status(`${young.url}/healthz`)).toBe(503);
  expect(await status(`${young.url}/orders`, order("too-early"))).toBe(500);
  const [before] = await rows("SELECT COUNT(*) n, SUM(total) * 100 cents, COUNT(note) notes FROM upgraded.orders");

  expect(await migrate(two, env)).toMatchObject({ code: 0, output: expect.stringContaining("4 files done") });
  const [after] = await rows(`SELECT COUNT(*) n, SUM(total_cents) cents,
    (SELECT COUNT(*) FROM upgraded.order_notes) notes FROM upgraded.orders`);
  expect({ ...after, cents: Number(after?.cents) }).toEqual({ ...before, cents: Number(before?.cents) });

  expect(await status(`${young.url}/healthz`)).toBe(200);
  expect(await status(`${young.url}/orders`, order("before"))).toBe(200);
  const kept = await (await fetch(`${young.url}/orders/by-key/before`)).json();
  expect(kept).toMatchObject({ firstName: "Zoe", lastName: "Zimt", totalCents: 250, total: "2.50", note: "keep me" });
  expect(await status(`${young.url}/orders`, order("on-two"))).toBe(201);

  expect(await status(`${old.url}/healthz`)).toBe(503);
  expect(await status(`${old.url}/orders`, order("on-one"))).toBe(500);
  expect(await start(one.start.worker ?? "", one.folder, env).ended).toMatchObject({
    code: 1,
    output: expect.stringContaining("can't work on this schema"),
  });
  expect(await migrate(one, env)).toMatchObject({
    code: 1,
    output: expect.stringContaining("newer than this release"),
  });
  await Promise.all([old.stop(), young.stop()]);
});

test("half a migration leaves a schema on which neither release works, and the rest can follow", async () => {
  const env = await database.environment("half");
  await migrate(one, env);
  const failed = await migrate(two, { ...env, REHEARSE_FAILURE: "half" });
  expect(failed).toMatchObject({ code: 1, output: expect.stringContaining("2 of 4 files are done") });
  const [old, young] = [await startWeb(one, addresses.one, env), await startWeb(two, addresses.two, env)];
  for (const { url } of [old, young]) {
    expect(await status(`${url}/healthz`)).toBe(503);
    expect(await status(`${url}/orders`, order("half"))).toBe(500);
  }
  const both = await Promise.all([migrate(two, env), migrate(two, env)]);
  expect(both.map((ended) => ended.code)).toEqual([0, 0]);
  const outputs = both.map((ended) => ended.output).join("");
  expect(outputs.match(/migrated {2}0005-notes.sql/g)).toHaveLength(1);
  expect(await status(`${young.url}/healthz`)).toBe(200);
  await Promise.all([old.stop(), young.stop()]);
});

test("the ledger's clients, as the environment file describes them, lose nothing while the database is cut under them", async () => {
  const env = await database.environment("ledger");
  await migrate(one, env);
  const web = await startWeb(one, addresses.one, env);
  const { ledger } = example.definition;
  if (!ledger) throw new Error("the example has no ledger section");
  const stop = new AbortController();
  const file = join(folder, "ledger.jsonl");
  const targets = [{ address: addresses.one, port: 8000 }];
  const going = runLedger({ definition: ledger, targets, host: "shop.test", file, signal: stop.signal, clock });
  const stored = async () => (await rows("SELECT COUNT(*) n FROM ledger.orders")) as { n: number }[];
  for (const goal of [410, 420, 430]) {
    await until(`${goal} orders`, async () => ((await stored())[0]?.n ?? 0) >= goal);
    await database.root.query("KILL USER app");
  }
  stop.abort();
  const observed = await going;
  await database.root.query("USE ledger");
  const keys = (await rows(ledger.find)).map((row) => String(Object.values(row)[0]));
  expect((await countAgain(file, keys)).writes).toEqual({
    acknowledged: observed.writes.acknowledged,
    lost: 0,
    duplicated: 0,
  });
  expect(observed.writes).toMatchObject({ refused: 0, open: 0 });
  expect(observed.writes.acknowledged).toBeGreaterThanOrEqual(30);
  await web.stop();
});
