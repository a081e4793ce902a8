/** The notice board that knows nothing of Changeover, run as its environment file says, checks included. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { countAgain } from "../../src/ledger/book.ts";
import { send } from "../../src/ledger/request.ts";
import { runLedger } from "../../src/ledger/run.ts";
import type { HttpCheck } from "../../src/model/application.ts";
import { misses, withKey } from "../../src/model/http-check.ts";
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

const addresses = { database: "127.163.29.10", one: "127.163.29.21", two: "127.163.29.22" };
let folder: string;
let database: DatabaseServer;
let example: Awaited<ReturnType<typeof openExample>>;
let one: Release;
let two: Release;

beforeAll(async () => {
  folder = await newFolder("board");
  example = await openExample("bring-your-own", folder);
  database = await openDatabaseServer(join(folder, "database"), addresses.database);
  [one, two] = [example.releases["2024.1"] as Release, example.releases["2024.2"] as Release];
}, 180_000);

afterEach(endApplications);

afterAll(async () => {
  await endAll();
  await removeFolder(folder);
});

const ask = async (address: string, check: HttpCheck, key = "some-key") => {
  const target = { address, port: 8000 };
  const outcome = await send(withKey(check, key), { target, host: "board.test", timeoutMs: 10_000, agent: false });
  return "error" in outcome ? outcome.error : misses(check, outcome.answer);
};
const refs = async (name: string) => {
  await database.root.query(`USE ${name}`);
  const { find } = example.definition.ledger ?? { find: "" };
  return ((await database.root.query(find))[0] as { ref: string }[]).map((row) => row.ref);
};

test("its checks hold on the schema it was made for, and the write probe leaves nothing behind", async () => {
  const { checks } = example.definition;
  const env = await database.environment("board");
  const web = await startWeb(one, addresses.one, env);
  expect(await ask(addresses.one, checks.health)).toContain("degraded");

  expect(await migrate(one, env)).toMatchObject({
    code: 0,
    output: expect.stringContaining("migrated 001-notices.sql"),
  });
  expect(await migrate(one, env)).toMatchObject({ code: 0, output: "the schema is at version 001\n" });
  expect(await ask(addresses.one, checks.health)).toBeNull();
  for (const read of checks.read) expect(await ask(addresses.one, read)).toBeNull();

  const { write } = checks;
  if (!write) throw new Error("the example has no write probe");
  expect(await ask(addresses.one, write, "probe-1")).toBeNull();
  expect(await ask(addresses.one, write, "probe-1")).toBeNull();
  expect(await refs("board")).toEqual(expect.arrayContaining(["first", "second", "probe-1"]));
  expect(await refs("board")).toHaveLength(3);
  for (const check of write.cleanUp) expect(await ask(addresses.one, check, "probe-1")).toBeNull();
  expect(await refs("board")).toHaveLength(2);
  expect((await web.stop()).code).toBe(0);
});

test("the schema of 2024.2 degrades 2024.1 and the other way round, and the health page says so in its body only", async () => {
  const { health } = example.definition.checks;
  const { write } = example.definition.checks;
  if (!write) throw new Error("the example has no write probe");
  const env = await database.environment("moved");
  await migrate(one, env);
  const [old, young] = [await startWeb(one, addresses.one, env), await startWeb(two, addresses.two, env)];
  const text = 'it\'s \\ "quoted" ünd\nlong';
  const posted = await fetch(`${old.url}/notices`, {
    method: "POST",
    body: new URLSearchParams({ ref: "odd", author: "Zoë O'Neill", text }),
  });
  expect(posted.status, old.output()).toBe(200);
  expect(await ask(addresses.two, health)).toContain("degraded");
  expect(await ask(addresses.two, write)).toContain("answered 500");

  const both = await Promise.all([migrate(two, env), migrate(two, env)]);
  expect(both.map((ended) => ended.code)).toContain(0);
  expect(
    both
      .map((ended) => ended.output)
      .join("")
      .match(/migrated 002-authors.sql/g),
  ).toHaveLength(1);
  expect(await ask(addresses.two, health)).toBeNull();
  expect(await ask(addresses.two, write)).toBeNull();
  const notices = await (await fetch(`${young.url}/notices`)).json();
  expect(notices).toContainEqual({ ref: "odd", author: "Zoë O'Neill", text, pinned: false });

  expect((await fetch(`${old.url}/status`)).status).toBe(200);
  expect(await ask(addresses.one, health)).toContain("degraded");
  expect(await ask(addresses.one, write)).toContain("answered 500");
  expect(await migrate(one, env)).toMatchObject({ code: 1, output: expect.stringContaining("knows only up to") });
  await Promise.all([old.stop(), young.stop()]);
});

test("the password is never among the arguments of a process", async () => {
  const env = await database.environment("hidden");
  await database.root.query(
    "CREATE TABLE hidden.schema_version (version INT NOT NULL PRIMARY KEY, since DATETIME NOT NULL)",
  );
  await database.root.query("LOCK TABLES hidden.schema_version WRITE");
  const migrating = start(one.migrate, one.folder, env);
  const session = "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = 'hidden' AND USER = 'app'";
  await until("the client waits", async () => ((await database.root.query(session))[0] as unknown[]).length > 0);
  const children = await readFile(`/proc/${migrating.child.pid}/task/${migrating.child.pid}/children`, "utf8");
  expect(children.trim()).not.toBe("");
  const seen: string[] = [];
  for (let pids = [String(migrating.child.pid)]; pids.length > 0; ) {
    const pid = pids.pop();
    seen.push(await readFile(`/proc/${pid}/cmdline`, "utf8"));
    pids = [...pids, ...(await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).split(" ").filter(Boolean)];
  }
  await database.root.query("UNLOCK TABLES");
  expect(seen.join("\n")).toContain("--user=app");
  expect(seen.join("\n")).not.toContain(env.DATABASE_PASSWORD);
  expect((await migrating.ended).code).toBe(0);
});

test("the ledger's clients find each acknowledged notice exactly once", async () => {
  const { ledger } = example.definition;
  if (!ledger) throw new Error("the example has no ledger section");
  const env = await database.environment("counted");
  await migrate(one, env);
  const web = await startWeb(one, addresses.one, env);
  const stop = new AbortController();
  const file = join(folder, "ledger.jsonl");
  const targets = [{ address: addresses.one, port: 8000 }];
  const going = runLedger({ definition: ledger, targets, host: "board.test", file, signal: stop.signal, clock });
  await until("six notices", async () => (await refs("counted")).length >= 8);
  stop.abort();
  const observed = await going;
  const { writes, requests } = await countAgain(file, await refs("counted"));
  expect(writes).toEqual({ acknowledged: observed.writes.acknowledged, lost: 0, duplicated: 0 });
  expect(writes.acknowledged).toBeGreaterThanOrEqual(6);
  expect(requests.failed).toBe(0);
  await web.stop();
});
