/** The ledger against an application that misbehaves on purpose: what it does wrong, the ledger must see, exactly. */
import { appendFile, mkdtemp, readFile, rm } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { countAgain, openBook, readBook } from "../../src/ledger/book.ts";
import { runLedger } from "../../src/ledger/run.ts";
import { openTraffic } from "../../src/ledger/traffic.ts";
import type { Clock } from "../../src/model/clock.ts";

const address = "127.113.47.1";
const clock: Clock = { now: () => Date.now(), sleep: (ms, signal) => sleep(ms, undefined, { signal }) };
const definition = {
  write: {
    method: "POST" as const,
    path: "/orders?k={key}",
    headers: { "x-key": "{key}" },
    body: '{"key":"{key}"}',
    expect: { status: 201, body: "done {key}" },
  },
  read: { method: "GET" as const, path: "/", expect: { status: 200 } },
  find: "unused here",
  writesPerSecond: 200,
  readsPerSecond: 100,
};

/** What the application does with the nth POST; `store` and `forget` answer 201. */
type Deed =
  | "store"
  | "forget"
  | "store twice"
  | "cut"
  | "store, then cut"
  | "page"
  | "error"
  | "hang"
  | "half an answer";

interface Shop {
  port: number;
  /** One entry per stored row. */
  rows: string[];
  /** How often each deed was done, reads as "read". */
  deeds: Map<string, number>;
  connections: number;
}

let folder: string;
let servers: http.Server[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ledger-"));
});
afterEach(async () => {
  for (const server of servers) server.close().closeAllConnections();
  servers = [];
  await rm(folder, { recursive: true, force: true });
});

/** `deed` is asked for each POST; an idempotent shop stores a key that it has already only once. */
async function openShop(idempotent: boolean, deed: (post: number, key: string) => Deed): Promise<Shop> {
  const shop: Shop = { port: 0, rows: [], deeds: new Map(), connections: 0 };
  let posts = 0;
  const count = (name: string) => shop.deeds.set(name, (shop.deeds.get(name) ?? 0) + 1);
  const store = (key: string) => {
    if (!idempotent || !shop.rows.includes(key)) shop.rows.push(key);
  };
  const server = http.createServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    if (request.method === "GET") {
      count("read");
      return response.end("fine");
    }
    const { key } = JSON.parse(text);
    if (request.headers["x-key"] !== key || request.url !== `/orders?k=${key}`) return response.writeHead(400).end();
    const chosen = deed(++posts, key);
    count(chosen);
    if (chosen.startsWith("store") || chosen === "half an answer") store(key);
    if (chosen === "store twice") shop.rows.push(key);
    if (chosen === "cut" || chosen === "store, then cut") return request.socket.destroy();
    if (chosen === "hang") return undefined;
    if (chosen === "error") return response.writeHead(502).end("oops");
    if (chosen === "page") {
      return response
        .writeHead(503, { "changeover-page": "maintenance", "retry-after": "0" })
        .end("<h1>Back soon</h1>");
    }
    if (chosen === "half an answer") {
      response.writeHead(201, { "content-length": "100" }).write("half");
      return setTimeout(() => request.socket.destroy(), 5);
    }
    return response.writeHead(201).end(`done ${key}`);
  });
  server.on("connection", () => {
    shop.connections += 1;
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  shop.port = (server.address() as AddressInfo).port;
  return shop;
}

/** Lets the clients go on until so many different keys were tried; then what they saw and what is in the shop. */
async function visit(idempotent: boolean, keysMax: number, deed: (post: number, key: string) => Deed) {
  const stop = new AbortController();
  const seen = new Set<string>();
  const shop = await openShop(idempotent, (post, key) => {
    seen.add(key);
    if (seen.size >= keysMax) stop.abort();
    return deed(post, key);
  });
  const file = join(folder, "book.jsonl");
  const targets = [{ address, port: shop.port }];
  const observed = await runLedger({
    definition,
    targets,
    host: "shop.test",
    file,
    clock,
    signal: AbortSignal.any([stop.signal, AbortSignal.timeout(20_000)]),
    limits: { timeoutMs: 1500 },
  });
  return { shop, seen, file, observed, summary: await countAgain(file, shop.rows) };
}

const times = (shop: Shop, ...deeds: Deed[]): number =>
  deeds.reduce((sum, deed) => sum + (shop.deeds.get(deed) ?? 0), 0);

test("an application that fails in every honest way loses nothing, and each failure is counted once", async () => {
  const trouble: Deed[] = ["cut", "store, then cut", "page", "error", "hang", "half an answer"];
  const { shop, seen, summary, observed, file } = await visit(true, 90, (post) =>
    post % 3 === 0 ? (trouble[(post / 3) % trouble.length] as Deed) : "store",
  );
  expect(summary.writes).toEqual({ acknowledged: observed.writes.acknowledged, lost: 0, duplicated: 0 });
  expect(summary.requests.paged).toBe(times(shop, "page"));
  expect(summary.requests.failed).toBe(times(shop, "cut", "store, then cut", "error", "hang", "half an answer"));
  expect(summary.requests.total).toBe([...shop.deeds.values()].reduce((sum, count) => sum + count, 0));
  expect(summary.clientDowntimeMs).toBeGreaterThan(0);
  expect(observed.writes.acknowledged + observed.writes.open).toBe(seen.size);
  const { lines } = await readBook(file);
  expect(lines.filter((line) => line.tries > 1).length).toBeGreaterThan(10);
  // How many are kept depends on how many are in flight at once: clients come when their time has come.
  expect(shop.connections, "some connections are kept").toBeLessThan(summary.requests.total);
  expect(shop.connections, "and some are fresh").toBeGreaterThanOrEqual(summary.requests.total / 6);
});

test("one request after the other: every fifth over a connection of its own, all others over the same one", async () => {
  const shop = await openShop(true, () => "store");
  const book = openBook(join(folder, "book.jsonl"));
  const targets = [{ address, port: shop.port }];
  const limits = { timeoutMs: 1500, inFlightMax: 5, freshEvery: 5 };
  const traffic = openTraffic({ targets, host: "shop.test", book, clock, ...limits });
  for (let turn = 0; turn < 20; turn++) expect(await traffic.ask(definition.read)).toHaveProperty("answer");
  traffic.close();
  book.close();
  expect([times(shop, "store"), shop.deeds.get("read"), shop.connections]).toEqual([0, 20, 20 / 5 + 1]);
});

test("an application that acknowledges what it does not store is found out, write by write", async () => {
  const { shop, summary } = await visit(true, 60, (post) => (post % 10 === 0 ? "forget" : "store"));
  expect(times(shop, "forget")).toBeGreaterThanOrEqual(6);
  expect(summary.writes.lost).toBe(times(shop, "forget"));
  expect(summary.writes.duplicated).toBe(0);
  expect(summary.requests).toMatchObject({ failed: 0, paged: 0 });
  expect(summary.clientDowntimeMs).toBe(0);
});

test("an application that stores twice is found out, and so is one that ignores the idempotency key", async () => {
  const { shop, summary } = await visit(true, 60, (post) => (post % 7 === 0 ? "store twice" : "store"));
  expect(times(shop, "store twice")).toBeGreaterThanOrEqual(8);
  expect(summary.writes).toMatchObject({ lost: 0, duplicated: times(shop, "store twice") });

  await rm(folder, { recursive: true });
  const ignoring = await visit(false, 60, (post) => (post % 6 === 0 ? "store, then cut" : "store"));
  expect(ignoring.summary.writes.lost).toBe(0);
  expect(ignoring.summary.writes.duplicated).toBeGreaterThan(0);
  const rows = ignoring.shop.rows;
  expect(ignoring.summary.writes.duplicated).toBe(
    new Set(rows.filter((key, index) => rows.indexOf(key) !== index)).size,
  );
});

test("clients keep coming while nobody answers, and what finds no room counts as failed", async () => {
  const stop = new AbortController();
  const shop = await openShop(true, () => "hang");
  const file = join(folder, "deep", "book.jsonl");
  const targets = [{ address, port: shop.port }];
  const limits = { timeoutMs: 300, inFlightMax: 5, finishMs: 300, triesMax: 3 };
  setTimeout(() => stop.abort(), 1000);
  const write = { ...definition, readsPerSecond: 0, writesPerSecond: 100 };
  const told: string[] = [];
  const tell = (why: string) => void told.push(why);
  const going = { definition: write, targets, host: "s", file, clock, signal: stop.signal, limits, tell };
  const observed = await runLedger(going);
  expect(told).toEqual([expect.stringMatching(/^no write is acknowledged yet: (no answer within|5 in flight)/)]);
  expect(observed.requests.total).toBeGreaterThan(times(shop, "hang"));
  expect(observed.requests.failed).toBe(observed.requests.total);
  expect(observed.writes).toMatchObject({ acknowledged: 0, refused: 0 });
  const whys = (await readBook(file)).runs.map((run) => run.why);
  expect(whys).toContain("5 in flight already");
  expect(whys).toContain("no answer within 300 ms");
});

test("a file cut off by a crash can still be counted, and a second run never mixes into it", async () => {
  const { file, shop, summary } = await visit(true, 20, () => "store");
  await appendFile(file, '{"key":"ledger-cut-of');
  expect(await countAgain(file, shop.rows)).toEqual(summary);
  expect(summary.path).toBe(file);
  const [gone, ...kept] = shop.rows;
  expect((await countAgain(file, kept)).writes.lost).toBe(1);
  const text = await readFile(file, "utf8");
  expect(text).toContain(`"${gone}"`);
  const again = runLedger({ definition, targets: [], host: "s", file, clock, signal: AbortSignal.abort() });
  await expect(again).rejects.toMatchObject({ kind: "bad-input" });
  expect(await readFile(file, "utf8")).toBe(text);
});
