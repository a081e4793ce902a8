/** What the list of backups says: never "proven" of what was not, and failures where people look first. */
import { expect, test } from "vitest";
import type { Backup, HeldBackup } from "../../src/model/backup.ts";
import { newestVerified } from "../../src/model/backup.ts";
import { inWords, tableDifferences } from "../../src/model/content.ts";
import { type BackupFacts, drawBackups, drawBackupSummary, viewBackups } from "../../src/view/backups.ts";

const at = (hour: number): number => Date.UTC(2030, 0, 1, hour);
const verified = { at: at(4), against: "source" as const, tables: 3, rows: 120 };

const held = (id: string, hour: number, change: Partial<Backup>, kept: string | null = null): HeldBackup => ({
  server: "db-2",
  kept,
  backup: {
    ...{ id, position: "0-1-7", bytes: 5_242_880, takenAt: at(hour), why: "schedule", lineage: null, content: null },
    ...{ verified: null, failed: null, ...change },
  },
});

const facts = (change: Partial<BackupFacts>): BackupFacts => ({
  environment: "live",
  schedule: { everyHours: 24, on: ["db-1", "db-2"], suspended: false, nextAt: at(27) },
  held: [],
  askers: new Map([["u-1", "ada"]]),
  requests: [],
  ...change,
});

test("one that was only taken, one that failed later and one on a server put aside are not what the summary counts on", () => {
  const all = [
    held("u-1-backup", 3, { verified, why: "person" }),
    held("u-2-backup", 4, {}),
    held("u-3-backup", 5, { verified, failed: { at: at(6), why: "table x" } }),
    held("u-4-drill", 6, { verified }, "diagnosis of u-4"),
  ];
  const lines = drawBackups(viewBackups(facts({ held: all })));
  expect(lines[0]).toBe(
    "live: 4 backups, newest proven one u-1-backup of 2030-01-01 03:00 UTC; every 24 h on db-1, db-2, next after 2030-01-02 03:00 UTC",
  );
  expect(lines[1]).toMatch(/^ {2}u-4-drill .* its server is kept for diagnosis of u-4 and goes with the next upgrade$/);
  expect(lines[2]).toMatch(/FAILED 2030-01-01 06:00 UTC: table x$/);
  expect(lines[3]).toMatch(/NOT PROVEN: only taken$/);
  expect(lines[4]).toMatch(
    /5\.0 MB {2}person \(ada\) +proven 2030-01-01 04:00 UTC against its source: 3 tables, 120 rows$/,
  );
  expect(newestVerified(all)?.backup.id).toBe("u-4-drill");
});

test("without any proven one it says so, and what failed last stands in the status as well", () => {
  const requests = [
    {
      verb: "take",
      by: "schedule",
      at: at(7),
      backup: null,
      upgrade: null,
      state: null,
      why: "no replica\nis in sync",
    },
    { verb: "verify", by: "ada", at: at(6), backup: "u-2-backup", upgrade: "u-9", state: "rolled-back", why: "rotten" },
    { verb: "take", by: "schedule", at: at(5), backup: null, upgrade: "u-2", state: "upgraded", why: null },
  ];
  const view = viewBackups(facts({ held: [held("u-2-backup", 5, {})], requests }));
  const refused = "✗ take, asked by schedule 2030-01-01 07:00 UTC: refused · no replica / is in sync";
  expect(drawBackupSummary(view)).toEqual([
    "live: 1 backup, NONE is proven; every 24 h on db-1, db-2, next after 2030-01-02 03:00 UTC",
    `  ${refused}`,
  ]);
  expect(drawBackups(view).slice(-3)).toEqual([
    "What did not end well:",
    `  ${refused}`,
    "  ✗ verify u-2-backup, asked by ada 2030-01-01 06:00 UTC: u-9 rolled-back · rotten",
  ]);
  const schedule = { everyHours: 24, on: [], suspended: true, nextAt: 0 };
  expect(drawBackupSummary(viewBackups(facts({ schedule })))[0]).toContain("the schedule (every 24 h) is suspended");
  const none = { everyHours: null, on: [], suspended: false, nextAt: null };
  expect(drawBackupSummary(viewBackups(facts({ schedule: none })))).toEqual([
    "live: 0 backups, NONE is proven; no schedule",
  ]);
});

test("tables are told apart by rows, by values and by being there at all, and long lists stay readable", () => {
  const names = { left: "here", right: "there" };
  const one = (table: string, rows: number, sum: string) => ({ table, rows, sum });
  expect(tableDifferences([one("a", 1, "x"), one("b", 2, "y")], [one("b", 2, "y"), one("a", 1, "x")], names)).toEqual(
    [],
  );
  expect(
    tableDifferences(
      [one("a", 1, "x"), one("b", 2, "y"), one("c", 3, "z")],
      [one("a", 5, "q"), one("c", 3, "w")],
      names,
    ),
  ).toEqual([
    'table "a": 1 rows in here, 5 rows in there',
    'table "b": 2 rows in here, no such table in there',
    'table "c": 3 rows in here, 3 rows in there, with other values',
  ]);
  expect(inWords(Array.from({ length: 15 }, (_, number) => `t${number}`))).toMatch(/; t11; and 3 more tables$/);
});
