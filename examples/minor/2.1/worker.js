/** The worker: marks new notes as indexed, a hundred at a time, and says how many. */
import { setTimeout as sleep } from "node:timers/promises";
import { openDatabase } from "./database.js";

const { RELEASE = "", SERVER_NAME = "worker" } = process.env;
const pauseMs = 500;
const database = openDatabase();
const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());
process.on("SIGINT", () => stop.abort());

console.log(`notes ${RELEASE}: worker indexes every ${pauseMs} ms`);
while (!stop.signal.aborted) {
  try {
    const { affectedRows } = await database.ask(
      "UPDATE notes SET indexed_at = UTC_TIMESTAMP(3), indexed_by = ? WHERE indexed_at IS NULL ORDER BY id LIMIT 100",
      [SERVER_NAME],
    );
    if (affectedRows > 0) console.log(`indexed ${affectedRows}`);
  } catch (error) {
    console.error(`indexing waits: ${error.code} ${error.message}`);
  }
  await sleep(pauseMs, undefined, { signal: stop.signal }).catch(() => {});
}
await database.close();
