/** What the MariaDB driver writes and reads as text: option files, accounts, paths, the product's own output. */
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { accountStatements, isClient } from "../../src/drivers/mariadb/accounts.ts";
import { parseState, serverConfig, serverIdOf, stateConfig } from "../../src/drivers/mariadb/config.ts";
import { parseBinlogInfo, parseReplication, tail } from "../../src/drivers/mariadb/parse.ts";
import { pathsIn, quote } from "../../src/drivers/mariadb/paths.ts";
import { rowsText } from "../../src/drivers/mariadb/schema.ts";

const settings = { name: "shop_live", user: "shop", port: 3307 };
const config = (osUser: string) =>
  serverConfig({ paths: pathsIn("/srv/db1"), address: "127.0.2.11", port: 3307, serverId: 11, osUser });

test("a server boots closed unless the included file opens it", () => {
  const text = config("app");
  const lines = text.trimEnd().split("\n");
  expect(lines.at(-1)).toBe("!include /srv/db1/mariadb/state.cnf");
  expect(lines.indexOf("read-only=ON")).toBeLessThan(lines.length - 1);
  expect(lines).toContain("gtid-strict-mode=ON");
  expect(lines).toContain("sync-binlog=1");
  expect(lines).toContain("bind-address=127.0.2.11");
  expect(lines).toContain("server-id=11");
});

test("the server is told to run as root only when there is no other user", () => {
  expect(config("root")).toMatch(/^user=root$/m);
  expect(config("app")).not.toMatch(/^user=/m);
});

test.each([
  { writable: false, replicates: false },
  { writable: false, replicates: true },
  { writable: true, replicates: false },
])("the state %j survives being written and read", (state) => {
  expect(parseState(stateConfig(state))).toEqual(state);
});

test("a server without a state file, or with a damaged one, counts as fenced", () => {
  expect(parseState(null)).toEqual({ writable: false, replicates: false });
  expect(parseState("[mariadbd]\nread-o")).toEqual({ writable: false, replicates: false });
});

test("server ids differ as addresses do", () => {
  expect(serverIdOf("127.0.0.1")).toBe(2130706433);
  expect(serverIdOf("255.255.255.255")).toBe(4294967295);
  expect(() => serverIdOf("db1.example")).toThrow(TypeError);
});

test("no account is made with a passage through the fence, and no grant reaches other databases", () => {
  const statements = accountStatements(settings, { app: "a", migrate: "m", replication: "r" });
  expect(statements.filter(({ sql }) => sql.includes("ADMIN"))).toEqual([]);
  const all = statements.filter(({ sql }) => sql.includes("ALL PRIVILEGES"));
  expect(all.map(({ sql }) => sql)).toEqual(Array(2).fill("GRANT ALL PRIVILEGES ON `shop\\_live`.* TO ?@'%'"));
  expect(statements.every(({ sql }) => !/IDENTIFIED BY '/.test(sql))).toBe(true);
});

test("connections from outside are told from the server's own and ours", () => {
  const is = (USER: string, HOST: string, COMMAND = "Sleep") => isClient({ USER, HOST, COMMAND }, "shop");
  expect(is("shop", "127.0.0.1:4000")).toBe(true);
  expect(is("reporting", "127.0.0.1:4000")).toBe(true);
  // The administrator of a server that runs as the user "shop", on the unix socket.
  expect(is("shop", "localhost")).toBe(false);
  expect(is("shop_migrate", "127.0.0.1:4000")).toBe(true);
  expect(is("changeover_repl", "127.0.0.1:4000", "Binlog Dump")).toBe(false);
  expect(is("system user", "")).toBe(false);
});

const follows = { Master_Host: "127.0.2.11", Master_Port: "3306", Slave_IO_Running: "Yes", Slave_SQL_Running: "Yes" };

test("replication runs only after the primary accepted the position", () => {
  expect(parseReplication({ ...follows, Master_Log_File: "" })?.running).toBe(false);
  expect(parseReplication({ ...follows, Master_Log_File: "binlog.000001" })?.running).toBe(true);
  expect(parseReplication(undefined)).toBeNull();
});

test("a lost connection heals by waiting, a refused position does not", () => {
  const lost = { ...follows, Slave_IO_Running: "Connecting", Last_IO_Errno: "2003", Last_IO_Error: "can't connect" };
  expect(parseReplication(lost)).toMatchObject({ running: false, fatal: false, error: "can't connect" });
  const refused = { ...follows, Slave_IO_Running: "No", Last_IO_Errno: "1236", Last_IO_Error: "not in the binlog" };
  expect(parseReplication(refused)).toMatchObject({ running: false, fatal: true, error: "not in the binlog" });
});

test("a backup's position is its third field, also over several lines", () => {
  expect(parseBinlogInfo("binlog.000002\t345\t0-1-99\n")).toBe("0-1-99");
  expect(parseBinlogInfo("binlog.000002\t345\t2-1-5,\n0-1-99\n")).toBe("0-1-99,2-1-5");
  expect(() => parseBinlogInfo("binlog.000002\t345\n")).toThrow(TypeError);
});

test("socket paths stay within the kernel's limit, however deep the server's folder is", () => {
  for (const directory of ["/srv/db1", `/srv/${"deep/".repeat(40)}db1`]) {
    const paths = pathsIn(directory);
    expect(Buffer.byteLength(paths.socket)).toBeLessThan(100);
    expect(Buffer.byteLength(paths.pipe("p1z141z3"))).toBeLessThan(100);
    expect(pathsIn(directory).socket).toBe(paths.socket);
  }
  expect(pathsIn("/srv/db1").socket).toBe("/srv/db1/mariadb/sql.sock");
});

test("a quoted word reaches a command as it is", () => {
  const word = `it's "a" $HOME \\ \`path\`; rm -rf nothing\n*`;
  expect(execFileSync("/bin/sh", ["-c", `printf %s ${quote(word)}`], { encoding: "utf8" })).toBe(word);
});

test("a default of NULL and a default of the word NULL are different schemas", () => {
  const columns = ["name", "COLUMN_DEFAULT"];
  const text = (value: string | null) => rowsText(columns, [{ name: "a", COLUMN_DEFAULT: value }]);
  expect(text(null)).not.toBe(text("NULL"));
  expect(rowsText(["a", "b"], [{ a: "xy", b: "" }])).not.toBe(rowsText(["a", "b"], [{ a: "x", b: "y" }]));
});

test("a schema is the same in whatever order its parts are told", () => {
  const [key, foreign] = [
    { name: "notes_order", to: null },
    { name: "notes_order", to: "orders" },
  ];
  expect(rowsText(["name", "to"], [key, foreign])).toBe(rowsText(["name", "to"], [foreign, key]));
});

test("the tail of an output leaves empty lines out and stays short", () => {
  expect(tail("one\n\n  two \nthree\n", 2)).toBe("two | three");
  expect(tail("x".repeat(10_000)).length).toBe(2_000);
});
