/** Secrets stay where they belong: planted ones are looked for in everything that a person or a program might read. */
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { UpgradeView } from "../../src/view/upgrade-view.ts";
import { ensureEmbedded } from "../../src/store/embedded.ts";
import { KEYS, type Knot, knotd, startKnot, ZONE } from "../contract/name-server/knot.ts";
import { type BoardFile, writeBoard } from "../product/board.ts";
import { openProduct, type Product, type Ran } from "../product/product.ts";

let product: Product;
/** Where there is one, the environment's names are in it, and its key is a credential. */
let knot: Knot | null = null;
/** Command lines of all processes of this machine, looked at all the time while things happened. */
const commandLines = new Set<string>();
/** Processes of servers that were given what only the control plane has. */
const overheard: string[] = [];
const ran: Record<string, Ran> = {};
let told = "";

/** Given as an input: the application prints it when it starts, the migration when it fails. */
const CREDENTIAL = `open "sesame" & 100% of/it+ä ${randomBytes(6).toString("hex")}`;
/** In the environment of the control plane: the build of a release prints it. */
const PLANTED = `planted-${randomBytes(6).toString("hex")}`;

const spell = `node -e 'const it = process.env.API_KEY;
  console.log(it, encodeURIComponent(it), JSON.stringify({ it }), btoa(unescape(encodeURIComponent("me:" + it)))); process.exit(1)'`;

/** Secret of a key that may change names, and one that the server takes for none. */
const { secret: TSIG, ...mover } = KEYS.mover;
const BAD_TSIG = randomBytes(32).toString("base64");

function fileThatTalks(file: BoardFile): void {
  const { releases } = file;
  const inputs = { API_KEY: { credential: "api-key" }, OTHER: "not secret" };
  const [old, next] = [releases["2024.1"], releases["2024.2"]];
  if (!old || !next) throw new Error("the board has other releases now");
  const start = { web: 'echo "I was given $API_KEY and $DATABASE_PASSWORD"; exec ./start.sh' };
  Object.assign(releases, {
    "2024.1": { ...old, inputs, start, prepare: 'echo "prepared with $API_KEY"' },
    "2024.2": { ...next, inputs, migrate: spell },
    unbuildable: { ...next, inputs, build: 'echo "npm is told $PLANTED_TOKEN"; exit 1' },
  });
  if (!knot) return;
  const server = { address: knot.address, port: knot.port };
  const key = { ...mover, credential: "dns-key" };
  file.names = { server, zone: ZONE, key, public: [`www.${ZONE}`, `slow.${ZONE}`], test: [`test1.${ZONE}`] };
}

const generated = (): string[] =>
  Object.values(
    JSON.parse(readFileSync(join(product.home, "secrets", "board.json"), "utf8")) as Record<string, string>,
  );
const spellings = (value: string): string[] => [
  value,
  encodeURIComponent(value),
  JSON.stringify(value).slice(1, -1),
  Buffer.from(`me:${value}`).toString("base64"),
];
const secrets = (): string[] => [...generated(), ...[CREDENTIAL, TSIG, BAD_TSIG].flatMap(spellings), PLANTED];
const holding = (text: string): string[] => secrets().filter((secret) => text.includes(secret));

function lookAtProcesses(): void {
  for (const entry of readdirSync("/proc")) {
    try {
      if (!/^\d+$/.test(entry)) continue;
      const line = readFileSync(`/proc/${entry}/cmdline`, "utf8");
      commandLines.add(line);
      const environment = readFileSync(`/proc/${entry}/environ`, "utf8");
      if (environment.includes("CHANGEOVER_SERVER=") && environment.includes(PLANTED)) overheard.push(line);
    } catch {
      // It ended in between.
    }
  }
}

async function go(name: string, args: string[]): Promise<void> {
  const result = await product.run([...args, "--json"]);
  ran[name] = result;
  told += result.stdout + result.stderr;
}

async function setCredential(name: string, value: string): Promise<void> {
  const setting = product.start(["credential", "set", "board", name, "--json"], `${value}\n`);
  told += (await setting.ended).stdout + setting.told();
}

/** The key is missing, wrong, then right; and a name is moved, back and forth, and refused. */
async function moveNames(): Promise<void> {
  await go("check without a key", ["name", "check", "board"]);
  await setCredential("dns-key", BAD_TSIG);
  await go("check with a bad key", ["name", "check", "board"]);
  await go("move with a bad key", ["name", "move", "board", `test1.${ZONE}`, "--to", "lb-1"]);
  await setCredential("dns-key", TSIG);
  await go("check", ["name", "check", "board"]);
  await go("move", ["name", "move", "board", `www.${ZONE}`, "--to", "lb-1"]);
  await go("move for another", ["name", "move", "board", `www.${ZONE}`, "--from", "10.0.0.1", "--to", "10.0.0.2"]);
  await go("move too early", ["name", "move", "board", `slow.${ZONE}`, "--to", "lb-1"]);
  await go("shorten", ["name", "move", "board", `slow.${ZONE}`, "--ttl", "20"]);
  await go("move while it is remembered", ["name", "move", "board", `slow.${ZONE}`, "--to", "lb-1"]);
  await go("names", ["name", "list", "board"]);
  await go("remove its key", ["credential", "remove", "board", "dns-key"]);
}

async function live(file: string): Promise<void> {
  writeBoard(product.folder, fileThatTalks);
  await go("up without it", ["up", file]);
  await setCredential("api-key", CREDENTIAL);
  await go("up", ["up", file]);
  if (knot) await moveNames();
  await go("list", ["credential", "list", "board"]);
  await go("remove", ["credential", "remove", "board", "api-key"]);
  await go("input", ["inputs", "set", "board", "KEY=credential:api-key", "FEED=credential:feed"]);
  const values = { OPEN: { text: `key ${CREDENTIAL}` } };
  const asked = { place: { level: "environment", owner: "" }, values, by: "a test" };
  const refused = await product.client.send("PUT", "/environments/board/inputs", asked).catch(String);
  told += JSON.stringify(refused);
  for (const look of ["list", "xref", "history"]) await go(`inputs ${look}`, ["inputs", look, "board"]);
  await go("plan unbuildable", ["plan", "board", "--to", "unbuildable"]);
  await go("plan", ["plan", "board", "--to", "2024.2"]);
  await go("upgrade", ["upgrade", "board", "--to", "2024.2", "--yes"]);
  await go("status", ["status", "board"]);
  await go("report", ["report"]);
  const { upgrade } = await product.status("board");
  const views: UpgradeView[] = [];
  const signal = AbortSignal.timeout(10_000);
  for await (const view of product.client.views(String(upgrade?.id), signal)) views.push(view);
  told += JSON.stringify(views);
}

beforeAll(async () => {
  product = openProduct("secrets");
  knot = knotd ? await startKnot(["www 2 IN A 10.0.0.1", "slow 3600 IN A 10.0.0.1"]) : null;
  process.env.PLANTED_TOKEN = PLANTED;
  const looking = setInterval(lookAtProcesses, 15);
  try {
    await live(join(product.folder, "environment.yaml"));
  } finally {
    clearInterval(looking);
    delete process.env.PLANTED_TOKEN;
  }
}, 180_000);

afterAll(async () => {
  await product.end();
  await knot?.close();
});

test("there are secrets to look for, and everything really happened", () => {
  expect(generated().length).toBeGreaterThanOrEqual(4);
  expect(ran.up?.code, ran.up?.stderr).toBe(0);
  expect(ran.upgrade?.stdout).toContain('"outcome":"rolled-back"');
  expect(commandLines.size).toBeGreaterThan(50);
});

test("a missing credential is refused by name, before anything is launched", () => {
  expect(ran["up without it"]?.code).toBe(3);
  expect(ran["up without it"]?.stdout).toContain('has no credential \\"api-key\\"');
  expect(ran["up without it"]?.stdout).toContain("changeover credential set board api-key");
});

test("an input names a credential and tells no value; one that is given as a text is refused", () => {
  expect(ran.input?.stdout).toContain('credential \\"feed\\" is not set: changeover credential set board feed');
  expect(ran["inputs list"]?.stdout).toContain('{"input":"KEY","value":"credential:api-key"}');
  expect(told).toContain("OPEN can't have this value");
});

test("a credential is listed by name, and stays while a release needs it", () => {
  expect(ran.list?.stdout).toContain('{"credential":"api-key","set":true,"usedBy":["2024.1","2024.2"');
  expect(ran.remove?.code).toBe(3);
});

test("a migration that prints what it was given as it fails, and a build that does so, are told without it", () => {
  expect(ran.upgrade?.stdout).toContain("exit 1: ‹secret› ‹secret›");
  expect(ran["plan unbuildable"]?.stdout).toContain("npm is told ‹secret›");
});

test.skipIf(!knotd)("a name is moved with the right key only, in time, and by who knows where it leads", () => {
  const said = (name: string): string => `${ran[name]?.code} ${ran[name]?.stdout}`;
  expect(said("check without a key")).toMatch(/^3 .*has no credential \\"dns-key\\"/);
  expect(said("check with a bad key")).toMatch(/^3 .*BADSIG/);
  expect(said("move with a bad key")).toMatch(/^5 .*"state":"rolled-back".*BADSIG/);
  expect(said("check")).toMatch(/^3 .*"proof":\{"good":true.*3600 s \(its TTL\)/);
  expect(said("move")).toMatch(/^0 .*"state":"upgraded".*"to":"127\.[0-9.]+","from":"10.0.0.1".*"cachesSeconds":2/);
  expect(said("move for another")).toMatch(/^3 .*leads to 127\.[0-9.]+ now, not to 10\.0\.0\.1/);
  expect(said("move too early")).toMatch(/^3 .*3600 s \(its TTL\), and the limit is 60 s/);
  expect(said("shorten")).toMatch(/^0 .*"state":"upgraded"/);
  expect(said("move while it is remembered")).toMatch(/^3 .*caches may go on with the one before for 3[0-9]{3} s/);
  expect(said("names")).toMatch(/"server":"lb-1"\}\],"ttlSeconds":2.*"ttlSeconds":20,"blocked":null,"remembered":\[\{/);
  expect(said("remove its key")).toMatch(/^3 .*names\.key of/);
});

test("the application really was given it, and printed it: only its owner can read that", () => {
  const log = join(product.home, "servers/board/app-1/.changeover/services/web/log");
  expect(readFileSync(log, "utf8")).toContain(`I was given ${CREDENTIAL} and `);
  expect(statSync(log).mode & 0o777).toBe(0o600);
  const manifest = readFileSync(join(product.home, "servers/board/app-1/install.json"), "utf8");
  expect(manifest).toContain('"API_KEY":{"credential":"api-key"}');
});

test("none is in a command line of any process, and no server's process has the control plane's own", () => {
  expect([...commandLines].filter((line) => holding(line).length > 0)).toEqual([]);
  expect(overheard).toEqual([]);
});

test("none is in what the commands print, or in the control plane's log", () => {
  expect(holding(told)).toEqual([]);
  expect(holding(readFileSync(join(product.home, "control.log"), "utf8"))).toEqual([]);
});

test("none is in the plans, the journal or any other table", async () => {
  const { url } = await ensureEmbedded({ home: product.home });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
       where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
    );
    expect(rows.length).toBeGreaterThan(8);
    for (const { name } of rows) {
      const all = await client.query<{ text: string }>(`select whole::text as text from ${name} as whole`);
      expect(holding(all.rows.map(({ text }) => text).join("\n")), name).toEqual([]);
    }
  } finally {
    await client.end();
  }
});

test("on disk each file that holds one can be read by its owner only, and the control plane's own is in none", () => {
  const files = filesUnder(product.home).filter(({ path }) => !path.includes("control-database"));
  const texts = files.map((file) => ({ ...file, text: readFileSync(file.path, "utf8") }));
  const open = texts.filter(({ mode, text }) => (mode & 0o077) !== 0 && holding(text).length > 0);
  expect(open.map(({ path }) => path)).toEqual([]);
  expect(texts.filter(({ text }) => text.includes(PLANTED)).map(({ path }) => path)).toEqual([]);
});

/** Regular files with the mode that counts: closed when any folder above them is closed. */
function filesUnder(folder: string, closed = 0o777): { path: string; mode: number }[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory() && !entry.isFile()) return [];
    const mode = statSync(path).mode & closed;
    return entry.isDirectory() ? filesUnder(path, mode) : [{ path, mode }];
  });
}
