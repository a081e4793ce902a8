/** The accounts of a new server as SQL statements, and who among its connections comes from outside. */
import type { DatabaseSettings } from "../../model/database.ts";
import type { Row, Statement } from "./wire.ts";

export const replicationUser = "changeover_repl";
export const migrationUser = (settings: DatabaseSettings): string => `${settings.user}_migrate`;

interface Passwords {
  app: string;
  migrate: string;
  replication: string;
}

export const passwordsFrom = (secret: (name: string) => string): Passwords => ({
  app: secret("database.app"),
  migrate: secret("database.migrate"),
  replication: secret("database.replication"),
});

/** Our accounts, and the secret that each opens with. */
export const ownAccounts = (settings: DatabaseSettings): [user: string, secret: string][] => [
  [settings.user, "database.app"],
  [migrationUser(settings), "database.migrate"],
  [replicationUser, "database.replication"],
];

/** Safe to repeat; nobody may write through the fence, the migration account only while it is allowed to. */
export function accountStatements(settings: DatabaseSettings, passwords: Passwords): Statement[] {
  const migrate = migrationUser(settings);
  // In a grant "_" stands for any character: unescaped, shop_a would open shopxa as well.
  const database = `\`${settings.name.replaceAll("_", "\\_")}\`.*`;
  return [
    { sql: `CREATE DATABASE IF NOT EXISTS \`${settings.name}\`` },
    { sql: "CREATE OR REPLACE USER ?@'%' IDENTIFIED BY ?", values: [settings.user, passwords.app] },
    { sql: `GRANT ALL PRIVILEGES ON ${database} TO ?@'%'`, values: [settings.user] },
    { sql: "CREATE OR REPLACE USER ?@'%' IDENTIFIED BY ?", values: [migrate, passwords.migrate] },
    { sql: `GRANT ALL PRIVILEGES ON ${database} TO ?@'%'`, values: [migrate] },
    { sql: "CREATE OR REPLACE USER ?@'%' IDENTIFIED BY ?", values: [replicationUser, passwords.replication] },
    { sql: "GRANT REPLICATION SLAVE ON *.* TO ?@'%'", values: [replicationUser] },
  ];
}

/** Account names of threads that are the server's own. */
const internal = new Set(["system user", "event_scheduler", "unauthenticated user"]);

export const isMigration = (row: Row, settings: DatabaseSettings): boolean => row.USER === migrationUser(settings);

/** A row of the process list that is neither ours, nor the server's, nor a replica: the application or its migration. */
export function isClient(row: Row, administrator: string): boolean {
  const user = row.USER ?? "";
  if (internal.has(user) || user === replicationUser) return false;
  if ((row.COMMAND ?? "").startsWith("Binlog Dump")) return false;
  // By name and socket: an application may well be called like the user of the operating system.
  return !(user === administrator && row.HOST === "localhost");
}
