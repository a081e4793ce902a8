/** The notes of examples/minor, run without Changeover: 2.0 serves on the schema of 2.1, and TERM cuts nobody off. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { openWebSocket, type WebSocket } from "../../bench/mixed/websocket.ts";
import {
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

const addresses = { database: "127.163.29.10", old: "127.163.29.21", new: "127.163.29.22" };
let folder: string;
let database: DatabaseServer;
let old: Release;
let next: Release;

beforeAll(async () => {
  folder = await newFolder("notes");
  const [example, opened] = await Promise.all([
    openExample("minor", folder),
    openDatabaseServer(join(folder, "database"), addresses.database),
  ]);
  database = opened;
  [old, next] = [example.releases["2.0"] as Release, example.releases["2.1"] as Release];
}, 180_000);

afterEach(endApplications);

afterAll(async () => {
  await endAll();
  await removeFolder(folder);
});

const note = (body: object) => ({ method: "POST", body: JSON.stringify(body) });
const status = async (url: string, request?: RequestInit) => (await fetch(url, request)).status;
const json = async (url: string) => (await fetch(url)).json();

async function connect(address: string): Promise<WebSocket> {
  const opening = { target: { address, port: 8000 }, host: "notes.test", path: "/socket", timeoutMs: 5000 };
  const opened = await openWebSocket(opening);
  if ("next" in opened) return opened;
  throw new Error(`no websocket: ${JSON.stringify(opened)}`);
}

test("both serve side by side on the schema of 2.1; on that of 2.0, 2.1 says that it can't", async () => {
  const env = await database.environment("together");
  expect(await migrate(old, env)).toEqual({ code: 0, output: "migrated 0001-notes.sql\n" });
  const [before, after] = [
    await startWeb(old, addresses.old, { ...env, RELEASE: "2.0" }),
    await startWeb(next, addresses.new, { ...env, RELEASE: "2.1" }),
  ];
  expect([await status(`${before.url}/healthz`), await status(`${after.url}/healthz`)]).toEqual([200, 503]);

  const added = "migrated 0002-authors.sql\nmigrated 0003-by-author.sql\n";
  expect(await migrate(next, env)).toEqual({ code: 0, output: added });
  for (const release of [old, next]) {
    expect(await migrate(release, env)).toEqual({ code: 0, output: "nothing to do\n" });
  }
  expect([await status(`${before.url}/healthz`), await status(`${after.url}/healthz`)]).toEqual([200, 200]);
  expect([await json(`${before.url}/version`), await json(`${after.url}/version`)]).toMatchObject([
    { release: "2.0" },
    { release: "2.1" },
  ]);

  expect(await status(`${before.url}/notes`, note({ key: "of-old", text: "a", author: "Nora" }))).toBe(201);
  const again = await Promise.all(
    Array.from({ length: 10 }, () => status(`${after.url}/notes`, note({ key: "of-new", text: "b", author: "Nora" }))),
  );
  expect(again).toEqual(Array(10).fill(201));
  expect(await json(`${after.url}/notes/of-old`)).toMatchObject({ text: "a", author: null });
  expect(await json(`${after.url}/notes/of-new`)).toMatchObject({ text: "b", author: "Nora" });
  expect(await json(`${before.url}/notes/of-new`)).toMatchObject({ key: "of-new", text: "b" });
  expect(await json(`${after.url}/authors`)).toEqual({ authors: [{ name: "Nora", notes: 1 }] });
  expect(await status(`${before.url}/authors`)).toBe(404);

  const worker = start(old.start.worker ?? "", old.folder, { ...env, SERVER_NAME: "worker-1" });
  await until("the worker has seen all", async () => {
    const { indexed, notes } = (await json(`${after.url}/indexed`)) as { indexed: number; notes: number };
    return notes === 202 && indexed === notes;
  });
  expect((await worker.stop()).code).toBe(0);
  for (const [url, key] of [
    [before.url, "of-new"],
    [after.url, "of-old"],
  ]) {
    expect(await status(`${url}/notes/${key}`, { method: "DELETE" })).toBe(204);
    expect(await status(`${url}/notes/${key}`)).toBe(404);
  }
});

test("TERM: slow requests end, websockets get 1001 after their last answer, and cut connections cost nothing", async () => {
  const env = await database.environment("ends");
  await migrate(old, env);
  const web = await startWeb(old, addresses.old, env);
  for (let round = 0; round < 3; round++) {
    await Promise.all(Array.from({ length: 6 }, () => fetch(`${web.url}/notes`)));
    await database.root.query("KILL USER app");
    expect(await status(`${web.url}/notes`, note({ key: `cut-${round}` }))).toBe(201);
  }

  const body = "ä".repeat(5000);
  const echoed = await fetch(`${web.url}/echo`, { method: "POST", body });
  expect(await echoed.text()).toBe(body);
  expect(echoed.headers.get("x-checksum")).toBe(createHash("sha256").update(body).digest("hex"));
  expect(await status(`${web.url}/echo`, { method: "POST", body: "x".repeat(70_000) })).toBe(413);
  expect(await status(`${web.url}/notes`, note({ text: "without a key" }))).toBe(400);

  const polite = await connect(addresses.old);
  polite.say("one");
  expect(await polite.next(5000)).toEqual({ text: "one" });
  polite.close(1000);
  expect(await polite.next(5000)).toEqual({ ended: 1000 });

  const standing = await connect(addresses.old);
  const slow = fetch(`${web.url}/slow?ms=1500`);
  await until("the slow one is asked", async () => {
    standing.say("hello");
    return "text" in Object(await standing.next(5000));
  });
  const stopped = web.stop();
  expect(await standing.next(5000)).toEqual({ ended: 1001 });
  expect(await (await slow).json()).toMatchObject({ ms: 1500 });
  expect((await stopped).code).toBe(0);
});
