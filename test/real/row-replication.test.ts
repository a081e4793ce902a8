/** Rows of one schema in a log that another schema reads, on two real servers: what is accepted arrives whole, and each refusal has its reason. */
import mysql from "mysql2/promise";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readRowTables } from "../../src/drivers/mariadb/row-tables.ts";
import { pathsIn } from "../../src/drivers/mariadb/paths.ts";
import { openServer, type Server } from "../../src/drivers/mariadb/server.ts";
import { waitFor } from "../../src/model/clock.ts";
import { compareRows, type Declared } from "../../src/model/rows/compare.ts";
import { systemClock } from "../../src/run/clock.ts";
import { userInfo } from "node:os";
import { type Fleet, type Launched, openFleet, secrets, settings } from "./mariadb-fleet.ts";

type Fate = "arrives" | "stops" | "corrupts";

interface Case {
  /** How the sender differs from the receiver. */
  what: string;
  receiver: string;
  sender: string;
  writes: string[];
  fate: Fate;
  /** What is compared, in the receiver's words; else all columns that both have. */
  see?: [sender: string, receiver: string];
  declared?: Declared;
  /** Tables that the receiver passes over. */
  passOver?: string[];
}

const BASE = "id INT PRIMARY KEY, a VARCHAR(20), b INT";
const INSERT = ["INSERT INTO t (id, a, b) VALUES (1, 'café', 7), (2, NULL, NULL)", "UPDATE t SET b = 8 WHERE id = 1"];
const one = (columns: string): string => `CREATE TABLE t (${columns}) CHARACTER SET utf8mb4`;

const cases: Case[] = [
  {
    what: "nothing",
    receiver: one(BASE),
    sender: one(BASE),
    writes: [...INSERT, "DELETE FROM t WHERE id = 2"],
    fate: "arrives",
  },
  {
    what: "a column at the end",
    receiver: one(BASE),
    sender: one(`${BASE}, c INT NOT NULL DEFAULT 5`),
    writes: INSERT,
    fate: "arrives",
  },
  {
    what: "a stored column at the end",
    receiver: one(BASE),
    sender: one(`${BASE}, c INT AS (b * 2) STORED`),
    writes: INSERT,
    fate: "arrives",
  },
  {
    what: "a virtual column at the end",
    receiver: one(BASE),
    sender: one(`${BASE}, c INT AS (b * 2) VIRTUAL`),
    writes: INSERT,
    fate: "arrives",
  },
  {
    what: "an index and a unique key more",
    receiver: one(BASE),
    sender: one(`${BASE}, KEY (b), UNIQUE (a)`),
    writes: INSERT,
    fate: "arrives",
  },
  {
    what: "a column renamed in its place, declared",
    receiver: one(BASE),
    sender: one("id INT PRIMARY KEY, label VARCHAR(20), b INT"),
    writes: ["INSERT INTO t VALUES (1, 'café', 7)", "UPDATE t SET label = 'thé'"],
    see: ["id, label, b", "id, a, b"],
    declared: { renamedColumns: { t: { label: "a" } } },
    fate: "arrives",
  },
  {
    what: "the key widened over a number of its own",
    receiver: one("id INT AUTO_INCREMENT PRIMARY KEY, a VARCHAR(20) NOT NULL, b INT"),
    sender: one("id INT AUTO_INCREMENT, a VARCHAR(20) NOT NULL, b INT, PRIMARY KEY (id, a)"),
    writes: ["INSERT INTO t (a, b) VALUES ('x', 1), ('y', 2)", "UPDATE t SET b = 3 WHERE a = 'y'"],
    fate: "arrives",
  },
  {
    what: "no primary key on either side",
    receiver: one("id INT, a VARCHAR(20), b INT"),
    sender: one("id INT, a VARCHAR(20), b INT"),
    writes: INSERT,
    fate: "arrives",
  },
  {
    what: "a parent that cascades on both sides",
    receiver:
      "CREATE TABLE p (id INT PRIMARY KEY); CREATE TABLE t (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE)",
    sender:
      "CREATE TABLE p (id INT PRIMARY KEY); CREATE TABLE t (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE)",
    writes: ["INSERT INTO p VALUES (1), (2)", "INSERT INTO t VALUES (1, 1), (2, 2)", "DELETE FROM p WHERE id = 1"],
    fate: "arrives",
  },
  {
    what: "emptied by TRUNCATE",
    receiver: one(BASE),
    sender: one(BASE),
    writes: [...INSERT, "TRUNCATE t"],
    fate: "arrives",
  },
  {
    what: "the last column dropped",
    receiver: one(`${BASE}, c INT DEFAULT 5`),
    sender: one(BASE),
    writes: INSERT,
    fate: "arrives",
  },
  {
    what: "a table more, passed over",
    receiver: one(BASE),
    sender: `${one(BASE)}; CREATE TABLE audit (id INT PRIMARY KEY)`,
    writes: [...INSERT, "INSERT INTO audit VALUES (1)"],
    passOver: ["audit"],
    fate: "arrives",
  },
  {
    what: "NOT NULL added",
    receiver: one(BASE),
    sender: one("id INT PRIMARY KEY, a VARCHAR(20) NOT NULL, b INT"),
    writes: ["INSERT INTO t VALUES (1, 'x', NULL)"],
    fate: "arrives",
  },
  {
    what: "an ENUM value that only the receiver has, at the end",
    receiver: one("id INT PRIMARY KEY, e ENUM('x','y','z')"),
    sender: one("id INT PRIMARY KEY, e ENUM('x','y')"),
    writes: ["INSERT INTO t VALUES (1, 'y')"],
    fate: "arrives",
  },

  {
    what: "a column in the middle, of another type",
    receiver: one(BASE),
    sender: one("id INT PRIMARY KEY, c DATETIME, a VARCHAR(20), b INT"),
    writes: ["INSERT INTO t VALUES (1, NOW(), 'x', 7)"],
    see: ["id, a, b", "id, a, b"],
    fate: "stops",
  },
  {
    what: "a column in the middle, of the same type",
    receiver: one("id INT PRIMARY KEY, b INT, d INT"),
    sender: one("id INT PRIMARY KEY, c INT, b INT, d INT"),
    writes: ["INSERT INTO t VALUES (1, 99, 7, 8)"],
    see: ["id, b, d", "id, b, d"],
    fate: "corrupts",
  },
  {
    what: "two columns of one type that changed places",
    receiver: one("id INT PRIMARY KEY, b INT, d INT"),
    sender: one("id INT PRIMARY KEY, d INT, b INT"),
    writes: ["INSERT INTO t (id, b, d) VALUES (1, 7, 8)"],
    see: ["id, b, d", "id, b, d"],
    fate: "corrupts",
  },
  {
    what: "a column dropped and another of its type added, nobody said so",
    receiver: one("id INT PRIMARY KEY, b INT"),
    sender: one("id INT PRIMARY KEY, stock INT"),
    writes: ["INSERT INTO t VALUES (1, 7)"],
    see: ["id, NULL", "id, b"],
    fate: "corrupts",
  },
  {
    what: "NOT NULL taken away, and NULL written",
    receiver: one("id INT PRIMARY KEY, a VARCHAR(20) NOT NULL"),
    sender: one("id INT PRIMARY KEY, a VARCHAR(20)"),
    writes: ["INSERT INTO t VALUES (1, NULL)"],
    fate: "corrupts",
  },
  {
    what: "an ENUM value added at the end",
    receiver: one("id INT PRIMARY KEY, e ENUM('x','y')"),
    sender: one("id INT PRIMARY KEY, e ENUM('x','y','z')"),
    writes: ["INSERT INTO t VALUES (1, 'z')"],
    fate: "corrupts",
  },
  {
    what: "an ENUM in another order",
    receiver: one("id INT PRIMARY KEY, e ENUM('x','y')"),
    sender: one("id INT PRIMARY KEY, e ENUM('y','x')"),
    writes: ["INSERT INTO t VALUES (1, 'x')"],
    fate: "corrupts",
  },
  {
    what: "a condition that only the receiver has",
    receiver: one("id INT PRIMARY KEY, b INT CHECK (b > 0)"),
    sender: one("id INT PRIMARY KEY, b INT"),
    writes: ["INSERT INTO t VALUES (1, -1)"],
    see: ["id, NULL", "id, b"],
    fate: "corrupts",
  },
  {
    what: "a cascade that only the sender has",
    receiver: "CREATE TABLE p (id INT PRIMARY KEY); CREATE TABLE t (id INT PRIMARY KEY, p INT)",
    sender:
      "CREATE TABLE p (id INT PRIMARY KEY); CREATE TABLE t (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE)",
    writes: ["INSERT INTO p VALUES (1)", "INSERT INTO t VALUES (1, 1)", "DELETE FROM p"],
    fate: "corrupts",
  },
  {
    what: "INT grown to BIGINT",
    receiver: one("id INT PRIMARY KEY, b INT"),
    sender: one("id INT PRIMARY KEY, b BIGINT"),
    writes: ["INSERT INTO t VALUES (1, 3000000000)"],
    fate: "stops",
  },
  {
    what: "the key grown to BIGINT",
    receiver: one("id INT PRIMARY KEY, b INT"),
    sender: one("id BIGINT PRIMARY KEY, b INT"),
    writes: ["INSERT INTO t VALUES (1, 1)"],
    fate: "stops",
  },
  {
    what: "a longer VARCHAR",
    receiver: one("id INT PRIMARY KEY, a VARCHAR(20)"),
    sender: one("id INT PRIMARY KEY, a VARCHAR(60)"),
    writes: ["INSERT INTO t VALUES (1, 'x')"],
    fate: "stops",
  },
  {
    what: "VARCHAR turned into TEXT",
    receiver: one("id INT PRIMARY KEY, a VARCHAR(20)"),
    sender: one("id INT PRIMARY KEY, a TEXT"),
    writes: ["INSERT INTO t VALUES (1, 'x')"],
    fate: "stops",
  },
  {
    what: "a wider DECIMAL",
    receiver: one("id INT PRIMARY KEY, d DECIMAL(8,2)"),
    sender: one("id INT PRIMARY KEY, d DECIMAL(10,4)"),
    writes: ["INSERT INTO t VALUES (1, 1.2345)"],
    fate: "stops",
  },
  {
    what: "DATETIME with microseconds",
    receiver: one("id INT PRIMARY KEY, at DATETIME"),
    sender: one("id INT PRIMARY KEY, at DATETIME(6)"),
    writes: ["INSERT INTO t VALUES (1, '2026-01-01 00:00:00.123456')"],
    fate: "stops",
  },
  {
    what: "DATETIME turned into TIMESTAMP",
    receiver: one("id INT PRIMARY KEY, at DATETIME"),
    sender: one("id INT PRIMARY KEY, at TIMESTAMP NULL"),
    writes: ["INSERT INTO t VALUES (1, '2026-01-01 00:00:00')"],
    fate: "stops",
  },
  {
    what: "another character set",
    receiver: "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20)) CHARACTER SET latin1",
    sender: one("id INT PRIMARY KEY, a VARCHAR(20)"),
    writes: ["INSERT INTO t VALUES (1, 'café')"],
    fate: "stops",
  },
  {
    what: "another character set of as many bytes",
    receiver: "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20)) CHARACTER SET latin1",
    sender: "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20)) CHARACTER SET latin2",
    writes: ["INSERT INTO t VALUES (1, 'šíp')"],
    fate: "corrupts",
  },
  {
    what: "a unique key taken away, and the same written twice",
    receiver: one("id INT PRIMARY KEY, a VARCHAR(20) UNIQUE"),
    sender: one("id INT PRIMARY KEY, a VARCHAR(20)"),
    writes: ["INSERT INTO t VALUES (1, 'x'), (2, 'x')"],
    fate: "stops",
  },
  {
    what: "a unique key that compares otherwise",
    receiver:
      "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20) UNIQUE) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
    sender: "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20) UNIQUE) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    writes: ["INSERT INTO t VALUES (1, 'x'), (2, 'X')"],
    fate: "stops",
  },
  {
    what: "a table under another name, passed over and nobody said so",
    receiver: one(BASE),
    sender: `CREATE TABLE renamed (${BASE})`,
    writes: ["INSERT INTO renamed VALUES (1, 'x', 7)"],
    passOver: ["renamed"],
    see: ["* FROM renamed", "* FROM t"],
    fate: "corrupts",
  },
];

const limit = 120_000;
let fleet: Fleet;
let sender: Side;
let receiver: Side;

interface Side extends Launched {
  server: Server;
  /** Its administrator: past the fence. */
  root: mysql.Connection;
}

async function sideOf(launched: Launched): Promise<Side> {
  const { socket } = pathsIn(launched.host.directory);
  const root = await mysql.createConnection({
    ...{
      socketPath: socket,
      user: userInfo().username,
      multipleStatements: true,
      charset: "utf8mb4",
      dateStrings: true,
    },
    database: settings.name,
  });
  return { ...launched, root, server: openServer(launched.host, systemClock, secrets) };
}

beforeAll(async () => {
  fleet = await openFleet("127.157.61");
  const [first, second] = [await fleet.launchPrimary("green"), await fleet.launch("blue")];
  await second.database.seedFrom(first.database);
  await second.database.follow({ address: first.database.address, port: first.database.port });
  [sender, receiver] = [await sideOf(first), await sideOf(second)];
}, limit);

afterAll(async () => {
  sender?.root.destroy();
  receiver?.root.destroy();
  await fleet.close();
}, limit);

const column = async ({ root }: Side, sql: string): Promise<string> => {
  const [[row]] = (await root.query(sql)) as unknown as [Record<string, unknown>[]];
  return String(Object.values(row ?? {})[0]);
};

/** Each side gets its own tables, which no log tells the other of. */
async function lay(side: Side, statements: string): Promise<void> {
  const drop = "SET FOREIGN_KEY_CHECKS=0; DROP TABLE IF EXISTS t, p, audit, renamed; SET FOREIGN_KEY_CHECKS=1";
  await side.root.query(`SET SESSION sql_log_bin=0; ${drop}; ${statements}; SET SESSION sql_log_bin=1`);
}

const allOf = async ({ root }: Side, words: string): Promise<string> => {
  const from = words.includes(" FROM ") ? words : `${words} FROM t`;
  const [rows] = await root.query({ sql: `SELECT ${from}`, rowsAsArray: true });
  return JSON.stringify((rows as unknown[]).map((row) => JSON.stringify(row)).sort());
};

async function fateOf({ writes, see, passOver = [] }: Case): Promise<Fate> {
  const over = passOver.map((name) => `${settings.name}.${name}`).join(",");
  const position = await column(sender, "SELECT @@gtid_current_pos");
  const begin = `SET GLOBAL gtid_slave_pos='${position}'; SET GLOBAL replicate_wild_ignore_table='${over}'`;
  await receiver.root.query(`STOP SLAVE; ${begin}; START SLAVE`);
  for (const sql of writes) await sender.root.query(sql);
  const until = await column(sender, "SELECT @@gtid_current_pos");
  const seen = await waitFor(systemClock, { withinMs: 15_000, everyMs: 20 }, async () => {
    const [[status]] = (await receiver.root.query("SHOW SLAVE STATUS")) as unknown as [Record<string, string>[]];
    if (status?.Last_SQL_Errno !== undefined && Number(status.Last_SQL_Errno) !== 0) return "stops" as const;
    return (await column(receiver, "SELECT @@gtid_slave_pos")) === until ? ("there" as const) : null;
  });
  if (seen === null) throw new Error("the rows neither arrived nor were refused");
  if (seen === "stops") return "stops";
  const shared = see ?? ["*", "*"];
  const [left, right] = await projections(shared);
  return left === right ? "arrives" : "corrupts";
}

/** Of all columns: those that both have, in the receiver's order. */
async function projections([ofSender, ofReceiver]: readonly [string, string]): Promise<[string, string]> {
  if (ofSender !== "*") return [await allOf(sender, ofSender), await allOf(receiver, ofReceiver)];
  const names = async (side: Side): Promise<string[]> =>
    (await readRowTables(side.server)).find(({ table }) => table === "t")?.columns.map((each) => each.column) ?? [];
  const [sent, held] = [await names(sender), await names(receiver)];
  const both = held.filter((name) => sent.includes(name)).join(", ");
  return [await allOf(sender, both), await allOf(receiver, both)];
}

test.for(cases)("$what: $fate", { timeout: limit }, async (given) => {
  await lay(receiver, given.receiver);
  await lay(sender, given.sender);
  const verdict = compareRows(await readRowTables(sender.server), await readRowTables(receiver.server), given.declared);
  expect(verdict.passedOver).toEqual(given.passOver ?? []);
  const fate = await fateOf(given);
  expect([fate, verdict.refusals]).toEqual([
    given.fate,
    given.fate === "arrives" ? [] : [expect.objectContaining({ harm: given.fate }), ...verdict.refusals.slice(1)],
  ]);
});
