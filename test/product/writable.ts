/** Looks again and again, past everything that is tested, how many databases of the board take writes at once. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import mysql from "mysql2/promise";
import { openSecrets } from "../../src/store/secrets.ts";
import type { Product } from "./product.ts";

const EVERY_MS = 250;
const ANSWER_MS = 1_000;

/** The names in the round that saw most of them, once it is told to stop. */
export function watchWritable(product: Product): { stop(): Promise<string[]> } {
  const stopping = new AbortController();
  let most: string[] = [];
  const watching = (async () => {
    while (!stopping.signal.aborted) {
      const seen = await writableNow(product);
      if (seen.length > most.length) most = seen;
      await sleep(EVERY_MS);
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await watching;
      return most;
    },
  };
}

async function writableNow({ home }: Product): Promise<string[]> {
  const servers = join(home, "servers/board");
  // A spare is nobody's primary: the trial migrates it, and nothing leads there.
  const names = readdirSync(servers).filter((name) => name.startsWith("db-"));
  const password = openSecrets(home).of("board")("database.app");
  const writable = await Promise.all(names.map((name) => isWritable(join(servers, name), password).catch(() => false)));
  return names.filter((_, turn) => writable[turn]);
}

async function isWritable(folder: string, password: string): Promise<boolean> {
  const { address } = JSON.parse(readFileSync(join(folder, "server.json"), "utf8")) as { address: string };
  const connection = await mysql.createConnection({
    host: address,
    user: "board",
    password,
    connectTimeout: ANSWER_MS,
  });
  // One that was stopped or killed meanwhile may break the connection at any moment.
  connection.on("error", () => {});
  try {
    const [rows] = await connection.query({ sql: "SELECT @@global.read_only", rowsAsArray: true, timeout: ANSWER_MS });
    return String((rows as unknown[][])[0]?.[0]) === "0";
  } finally {
    connection.destroy();
  }
}
