/** Secrets stay where they belong: generated passwords are looked for in everything that a person or a program might read. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ensureEmbedded } from "../../src/store/embedded.ts";
import { writeBoard } from "../product/board.ts";
import { openProduct, type Product } from "../product/product.ts";

let product: Product;
/** Command lines of all processes of this machine, looked at all the time while the upgrade ran. */
const commandLines = new Set<string>();
let told = "";

const secrets = (): string[] =>
  Object.values(
    JSON.parse(readFileSync(join(product.home, "secrets", "board.json"), "utf8")) as Record<string, string>,
  );
const holding = (text: string): number => secrets().filter((secret) => text.includes(secret)).length;

function lookAtCommandLines(): void {
  for (const entry of readdirSync("/proc")) {
    try {
      if (/^\d+$/.test(entry)) commandLines.add(readFileSync(`/proc/${entry}/cmdline`, "utf8"));
    } catch {
      // It ended in between.
    }
  }
}

beforeAll(async () => {
  product = openProduct("secrets");
  const looking = setInterval(lookAtCommandLines, 15);
  try {
    for (const args of [
      ["up", writeBoard(product.folder), "--json"],
      ["plan", "board", "--to", "2024.2", "--json"],
      ["upgrade", "board", "--to", "2024.2", "--yes", "--fail-at", "migrate", "--json"],
      ["status", "board", "--json"],
      ["report", "--json"],
    ]) {
      const ran = await product.run(args);
      told += ran.stdout + ran.stderr;
    }
  } finally {
    clearInterval(looking);
  }
}, 180_000);

afterAll(() => product.end());

test("there are secrets to look for, and the upgrade really ran", () => {
  expect(secrets().length).toBeGreaterThanOrEqual(4);
  expect(told).toContain('"outcome":"rolled-back"');
  expect(commandLines.size).toBeGreaterThan(50);
});

test("none is in a command line of any process", () => {
  expect([...commandLines].filter((line) => holding(line) > 0)).toEqual([]);
});

test("none is in what the commands print, or in the control plane's log", () => {
  expect(holding(told)).toBe(0);
  expect(holding(readFileSync(join(product.home, "control.log"), "utf8"))).toBe(0);
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
      expect(holding(all.rows.map(({ text }) => text).join("\n")), name).toBe(0);
    }
  } finally {
    await client.end();
  }
});

test("on disk each file that holds one can be read by its owner only", () => {
  const open = filesUnder(product.home).filter(({ path, mode }) => {
    if ((mode & 0o077) === 0 || path.includes("control-database")) return false;
    return holding(readFileSync(path, "latin1")) > 0;
  });
  expect(open.map(({ path }) => path)).toEqual([]);
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
