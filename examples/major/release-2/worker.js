/** The shop's worker: packs new orders every 200 ms, and stops rather than guess when the schema is not its own. */
import { setTimeout as sleep } from "node:timers/promises";
import { openDatabase } from "./database.js";
import * as orders from "./orders.js";

const { RELEASE = "2", SERVER_NAME = "worker", WORKER_PAUSE_MS = "200" } = process.env;
const wrongSchema = new Set(["ER_BAD_FIELD_ERROR", "ER_NO_SUCH_TABLE", "WARN_DATA_TRUNCATED"]);
const database = openDatabase();
const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());
process.on("SIGINT", () => stop.abort());

let failing = "";
async function round() {
  try {
    await database.read(orders.health);
    const packed = await database.write((ask) => orders.pack(ask, SERVER_NAME));
    if (packed > 0) console.log(`packed ${packed}`);
    failing = "";
  } catch (error) {
    if (wrongSchema.has(error.code)) {
      console.error(`release ${RELEASE} can't work on this schema: ${error.message}`);
      process.exitCode = 1;
      stop.abort();
    } else if (failing !== error.code) {
      failing = error.code;
      console.error(`packing waits: ${error.code} ${error.message}`);
    }
  }
}

console.log(`shop ${RELEASE}: worker packs every ${WORKER_PAUSE_MS} ms`);
while (!stop.signal.aborted) {
  await round();
  await sleep(Number(WORKER_PAUSE_MS), undefined, { signal: stop.signal }).catch(() => {});
}
await database.close();
