/** Speaks to the database through the `mariadb` command, one short session per question. */
import { spawn } from "node:child_process";

const { DB_ADDR, DB_PORT, DB_SCHEMA, DB_LOGIN, DB_SECRET } = process.env;
const sessionsMax = 8;
const waitingMax = 100;
const sessionMs = 5000;
const flags = ["--no-defaults", "--protocol=tcp", "--connect-timeout=2", "--default-character-set=utf8mb4"];
const form = ["--batch", "--raw", "--skip-column-names"];

let sessions = 0;
const waiting = [];

/** A value as SQL; in hexadecimal there is nothing to quote. */
export const literal = (value) => `_utf8mb4 X'${Buffer.from(String(value), "utf8").toString("hex")}'`;

/** The lines of the answer. The client stops at the first error, and an open transaction ends with its session. */
export async function sql(text) {
  if (sessions >= sessionsMax) {
    if (waiting.length >= waitingMax) throw new Error("too many requests wait for the database");
    await new Promise((resolve) => waiting.push(resolve));
  } else {
    sessions += 1;
  }
  try {
    return await session(text);
  } finally {
    const next = waiting.shift();
    if (next) next();
    else sessions -= 1;
  }
}

function session(text) {
  return new Promise((resolve, reject) => {
    const account = [`--host=${DB_ADDR}`, `--port=${DB_PORT}`, `--user=${DB_LOGIN}`, DB_SCHEMA];
    const child = spawn("mariadb", [...flags, ...form, ...account], {
      env: { ...process.env, MYSQL_PWD: DB_SECRET },
      timeout: sessionMs,
      killSignal: "SIGKILL",
    });
    let [out, err] = ["", ""];
    child.stdout.on("data", (part) => {
      out += part;
    });
    child.stderr.on("data", (part) => {
      err += part;
    });
    // A client that could not connect closes its input; the reason is in its exit.
    child.stdin.on("error", () => {});
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(out.split("\n").slice(0, -1));
      else reject(new Error(err.trim() || `the mariadb client ended with ${code}`));
    });
    child.stdin.end(text);
  });
}
