/** Backups as a person uses them on real servers: taken by the schedule, rotten and refused, restored with every row. */
import { execFileSync } from "node:child_process";
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { waitFor } from "../../src/model/clock.ts";
import { systemClock } from "../../src/run/clock.ts";
import type { Cloned } from "../../src/cli/commands/clone.ts";
import type { EnvironmentSummary } from "../../src/run/summaries.ts";
import type { BackupsView, BackupView } from "../../src/view/backups.ts";
import { RUNS, writeBoard } from "../product/board.ts";
import { firstColumn } from "../product/database.ts";
import { answerOf, leftIn, openProduct, type Product } from "../product/product.ts";
import { inSync, serving, sightOf } from "../product/sights.ts";

let product: Product;
const list = () => product.client.get<BackupsView>("/environments/board/backups");
const look = () => product.status("board");

beforeAll(async () => {
  product = openProduct("backups");
  const file = writeBoard(product.folder, (definition) => {
    definition.backups = { everyHours: 24 };
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

/** Overwrites the page of a table's rows in the backup, as a bad disk would. */
function rot(backup: BackupView, table: string): void {
  const find = `find "$0" -path "*/backups/${backup.id}/data/*/${table}.ibd"`;
  const [file = ""] = execFileSync("/bin/sh", ["-c", find, product.home]).toString().trim().split("\n");
  const words = ["if=/dev/urandom", `of=${file}`, "bs=1024", "count=8", "seek=52", "conv=notrunc"];
  execFileSync("dd", words, { stdio: "ignore" });
}

const LIMIT_MS = 120_000;
let kept = "";

test("the schedule takes one by itself, and a person another; each is proven", { timeout: LIMIT_MS }, async () => {
  const byItself = await waitFor(systemClock, { withinMs: 90_000, everyMs: 200 }, async () => {
    const { backups, requests } = await list();
    const over = requests.some(({ by, state }) => by === "schedule" && state === "upgraded");
    return over && backups.find(({ why }) => why === "schedule");
  });
  expect(byItself, JSON.stringify(await list())).toMatchObject({
    ...{ server: "db-2", by: "schedule", proven: true, verified: { against: "source" } },
  });
  expect((await list()).schedule).toMatchObject({ everyHours: 24, on: ["db-1", "db-2"], suspended: false });

  await firstColumn(product, "board", "CREATE TABLE keepsakes (id INT PRIMARY KEY, note VARCHAR(20)) ENGINE=InnoDB");
  await firstColumn(product, "board", "INSERT INTO keepsakes VALUES (1, 'first'), (2, 'second'), (3, 'third')");
  const taken = await product.answer<{ backup: string; rows: number }>(["backups", "take"]);
  expect(taken.rows).toBeGreaterThanOrEqual(3);
  kept = taken.backup;
  expect((await list()).backups.find(({ id }) => id === kept)).toMatchObject({ why: "person", proven: true });
});

test("one that rotted on its disk is refused and listed so", { timeout: LIMIT_MS }, async () => {
  const rotten = (await list()).backups.find(({ why }) => why === "schedule") as BackupView;
  rot(rotten, RUNS);
  const refused = await product.run(["backups", "verify", rotten.id]);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("next: changeover backups")]);
  const listed = (await product.run(["backups"])).stdout;
  expect(listed).toMatch(new RegExp(`${rotten.id} .*FAILED`));
  expect(listed).toMatch(new RegExp(`${kept} .*proven`));
});

test("a clone's file is written, and while it shares anything nothing is launched", { timeout: LIMIT_MS }, async () => {
  const file = join(product.folder, "staging.yaml");
  const cloned = await product.answer<Cloned>(["clone", "board", "staging", "--set", "hosts.public=Board.test"]);
  expect(cloned).toMatchObject({ written: "new", path: file, open: [{ kind: "host name", value: "board.test" }] });
  const refused = await product.run(["up", file, "--data-from", "board"]);
  expect(refused.code, refused.stderr).toBe(3);
  expect(refused.stderr).toMatch(/host name board\.test: .*staging\.yaml:\d+ here, .*environment\.yaml:\d+ of "board"/);
  expect((await product.client.get<EnvironmentSummary[]>("/environments")).map((one) => one.environment)).toEqual([
    "board",
  ]);

  expect((await product.answer<Cloned>(["clone", "board", "staging"])).written).toBe("again");
  expect((await product.answer<Cloned>(["clone", "board", "staging"])).written).toBe("unchanged");
  appendFileSync(file, "# mine\n");
  const kept = await product.run(["clone", "board", "staging", "--set", "port=8081"]);
  expect([kept.code, kept.stderr]).toEqual([3, expect.stringContaining("somebody wrote it or has edited it")]);
  expect(readFileSync(file, "utf8")).toMatch(/# mine\n$/);
});

test("a restore says what it gives up, and brings every dropped row back", { timeout: LIMIT_MS }, async () => {
  await firstColumn(product, "board", "DELETE FROM keepsakes WHERE id > 1");
  const shown = await product.answer<{ loss: string }>(["backups", "restore", kept, "--dry-run"]);
  expect(shown.loss).toBe('1 transaction: table "keepsakes": 1 rows in "db-1" now, 3 rows in the backup');

  const restored = await product.run(["backups", "restore", kept, "--yes", "--json"]);
  expect(restored.code, restored.stderr).toBe(0);
  const { upgrade } = answerOf<{ upgrade: string }>(restored);
  const notes = await firstColumn(product, "board", "SELECT note FROM keepsakes ORDER BY id");
  expect(notes).toEqual(["first", "second", "third"]);
  const seen = await look();
  expect(sightOf(seen)).toEqual(serving("2024.1", { servers: 1, workers: 0 }, "upgraded"));
  expect(seen.upgrade?.strategy).toBe("restore");
  expect(await inSync(look)).toBe(true);
  const after = await list();
  expect(after.schedule.on).toEqual(["db-2", "db-3"]);
  expect(after.backups.find(({ id }) => id === `${upgrade}-before-restore`)).toMatchObject({ proven: true });
});
