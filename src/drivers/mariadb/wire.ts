/** SQL over a stream that the host dialled: short sessions, a limit on each statement, every value as text. */
import type { Duplex } from "node:stream";
import mysql from "mysql2";
import type { Clock } from "../../model/clock.ts";
import type { Host } from "../../model/host.ts";
import { Problem } from "../../model/problem.ts";

export type Row = Record<string, string | null>;

export interface Statement {
  sql: string;
  values?: (string | number)[];
  /** 10 000 unless told. */
  timeoutMs?: number;
}

export interface Account {
  user: string;
  password?: string;
  database?: string;
}

export interface Session {
  read(statement: Statement): Promise<Row[]>;
  /** The same, after proving that no newer control plane acts on this server. */
  change(statement: Statement): Promise<void>;
  /** First column of each row, kept as it arrives. */
  column(statement: Statement, rowsMax: number): Promise<string[]>;
}

const defaultTimeoutMs = 10_000;
const connectTimeoutMs = 5_000;

/** One connection, always closed; one that missed a limit is destroyed, because its state is unknown. */
export async function withSession<T>(
  at: { host: Host; clock: Clock; socket: string },
  account: Account,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const connection = await connect(at, account);
  const session: Session = {
    read: (statement) => limited(at, connection, statement, () => all(connection, statement)),
    change: async (statement) => {
      await at.host.claim();
      await limited(at, connection, statement, () => all(connection, statement));
    },
    column: (statement, rowsMax) =>
      limited(at, connection, statement, () => firstColumn(connection, statement, rowsMax, at.host.name)),
  };
  try {
    return await work(session);
  } finally {
    connection.destroy();
  }
}

async function connect(at: { host: Host; clock: Clock; socket: string }, account: Account): Promise<mysql.Connection> {
  const stream: Duplex = await at.host.dial({ unix: at.socket }, connectTimeoutMs);
  const connection = mysql.createConnection({
    ...account,
    stream: () => stream,
    connectTimeout: connectTimeoutMs,
    charset: "utf8mb4",
    // Numbers beyond 2^53, decimals and times stay what the server printed.
    typeCast: (field) => field.string("utf8"),
  });
  // Without a listener a connection that dies between two statements would end the process.
  connection.on("error", () => {});
  return new Promise((resolve, reject) => {
    connection.connect((error) => {
      if (!error) return resolve(connection);
      connection.destroy();
      reject(failed(at.host.name, "log in", error));
    });
  });
}

async function limited<T>(
  at: { host: Host; clock: Clock },
  connection: mysql.Connection,
  statement: Statement,
  work: () => Promise<T>,
): Promise<T> {
  const timeoutMs = statement.timeoutMs ?? defaultTimeoutMs;
  const done = new AbortController();
  const late = at.clock.sleep(timeoutMs, done.signal).then(
    () => {
      connection.destroy();
      throw new Problem("outcome-unknown", {
        what: `"${at.host.name}" did not answer "${verb(statement.sql)}" within ${timeoutMs} ms`,
        why: "the statement may still run there",
        next: "changeover status, then try again",
      });
    },
    // The statement ended first.
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([work(), late]);
  } catch (error) {
    throw error instanceof Problem ? error : failed(at.host.name, verb(statement.sql), error);
  } finally {
    done.abort(new Error("the statement ended"));
  }
}

function all(connection: mysql.Connection, { sql, values }: Statement): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    connection.query(sql, values ?? [], (error, rows) => {
      if (error) reject(error);
      else resolve(Array.isArray(rows) ? (rows as Row[]) : []);
    });
  });
}

function firstColumn(connection: mysql.Connection, { sql }: Statement, rowsMax: number, name: string) {
  return new Promise<string[]>((resolve, reject) => {
    const found: string[] = [];
    const query = connection.query({ sql, rowsAsArray: true });
    query.on("error", reject);
    query.on("result", (row: (string | null)[]) => {
      if (!Array.isArray(row)) return;
      if (found.length >= rowsMax) {
        connection.destroy();
        return reject(
          new Problem("refused", {
            what: `the query on "${name}" gives more than ${rowsMax} rows`,
            why: "they are kept in memory",
            next: "narrow the query down",
          }),
        );
      }
      found.push(row[0] ?? "");
    });
    query.on("end", () => resolve(found));
  });
}

/** The server's own error number, 0 when it was not the server that failed. */
export function errorNumber(error: unknown): number {
  const cause = error instanceof Problem ? error.cause : error;
  const held = cause !== null && typeof cause === "object" && "errno" in cause ? Number(cause.errno) : 0;
  return Number.isInteger(held) && held > 0 ? held : 0;
}

/** The first words only: what follows may be a password. */
const verb = (sql: string): string => sql.trim().split(/\s+/).slice(0, 3).join(" ");

function failed(name: string, doing: string, error: unknown): Problem {
  const why = error instanceof Error ? error.message : String(error);
  // A statement in an error's own text could hold a password: the copy keeps the number and the message only.
  const cause = Object.assign(new Error(why), { errno: errorNumber(error) });
  const kind = cause.errno === 0 ? "unreachable" : "step-failed";
  return new Problem(kind, { what: `"${name}" failed to ${doing}`, why, next: "changeover status" }, cause);
}
