/** Asks the database of a product's environment directly, past everything that is tested. */
import mysql from "mysql2/promise";
import { parse } from "yaml";
import { readFileSync } from "node:fs";
import { readBlue } from "../../src/plan/blue.ts";
import { openSecrets } from "../../src/store/secrets.ts";
import { RUNS } from "./board.ts";
import type { Product } from "./product.ts";

/** Of the primary that serves, as the application's own account; nothing for a statement that only changes something. */
export async function firstColumn(product: Product, environment: string, sql: string): Promise<string[]> {
  const { inventory, definitionPath } = await product.status(environment);
  const { database } = parse(readFileSync(definitionPath, "utf8")) as {
    database: { name: string; user: string; port?: number };
  };
  const connection = await mysql.createConnection({
    host: readBlue(inventory).primary.record.address,
    port: database.port ?? 3306,
    user: database.user,
    password: openSecrets(product.home).of(environment)("database.app"),
    database: database.name,
    connectTimeout: 5_000,
  });
  try {
    const [rows] = await connection.query({ sql, rowsAsArray: true, timeout: 10_000 });
    return Array.isArray(rows) ? (rows as unknown[][]).map(([first]) => String(first)) : [];
  } finally {
    await connection.end();
  }
}

/** How often each release's migrate command ran, by what the database itself kept. */
export const migrateRuns = (product: Product): Promise<string[]> =>
  firstColumn(
    product,
    "board",
    `SELECT CONCAT(release_name, " ", COUNT(*)) FROM ${RUNS} GROUP BY release_name ORDER BY 1`,
  );
