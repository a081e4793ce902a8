/** The notes over HTTP on $HOST:$PORT; TERM stops the listening, and the process ends when nobody waits any more. */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { openDatabase } from "./database.js";
import * as notes from "./notes.js";
import { openSockets } from "./socket.js";

const { HOST = "127.0.0.1", PORT = "8000", RELEASE = "", SERVER_NAME = "" } = process.env;
const bodyBytesMax = 64 * 1024;
const slowMsMax = 5000;
const goodbyeMs = 8000;
const own = { "x-release": RELEASE, "x-served-by": SERVER_NAME };
const database = openDatabase();
const sockets = openSockets(own);
let stopping = false;
let inFlight = 0;

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function bodyOf(request) {
  const parts = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    if (bytes > bodyBytesMax) throw new Refused(413, `a body has at most ${bodyBytesMax} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

async function noteOf(request) {
  let note;
  try {
    note = JSON.parse(await bodyOf(request));
  } catch (error) {
    throw error instanceof Refused ? error : new Refused(400, "the body is not JSON");
  }
  const fits = (text, most) => typeof text === "string" && text !== "" && text.length <= most;
  const { key = request.headers["idempotency-key"], text = "", author } = note ?? {};
  if (!fits(key, 80)) throw new Refused(400, "key must be a text of 1 to 80 characters");
  if (typeof text !== "string" || text.length > 1000) throw new Refused(400, "text has at most 1000 characters");
  if (author !== undefined && !fits(author, 80)) throw new Refused(400, "author must be a text of 1 to 80 characters");
  return { key, text, author };
}

const pages = {
  async "GET /healthz"() {
    try {
      await notes.health(database.ask);
      return { json: { status: "ok", release: RELEASE } };
    } catch (error) {
      return { status: 503, json: { status: "broken", release: RELEASE, why: error.code ?? "no connection" } };
    }
  },
  "GET /version": () => ({ json: { release: RELEASE, server: SERVER_NAME } }),
  "GET /notes": async () => ({ json: { release: RELEASE, notes: await notes.recent(database.ask) } }),
  async "POST /notes"({ request }) {
    const note = await noteOf(request);
    await notes.place(database.ask, note);
    return { status: 201, json: { release: RELEASE, key: note.key } };
  },
  async "GET /notes/"({ key }) {
    const note = await notes.byKey(database.ask, key);
    return note ? { json: note } : { status: 404, json: { error: "no such note" } };
  },
  async "DELETE /notes/"({ key }) {
    await notes.takeBack(database.ask, key);
    return { status: 204 };
  },
  async "GET /indexed"() {
    const [counts] = await database.ask("SELECT COUNT(indexed_at) AS indexed, COUNT(*) AS notes FROM notes");
    return { json: counts };
  },
  async "POST /echo"({ request }) {
    const body = await bodyOf(request);
    return { body, headers: { "x-checksum": createHash("sha256").update(body).digest("hex") } };
  },
  async "GET /slow"({ url }) {
    const ms = Math.min(Math.max(Number(url.searchParams.get("ms")) || 0, 0), slowMsMax);
    await sleep(ms);
    return { json: { release: RELEASE, ms } };
  },
  ...notes.pages,
};

async function answer(request) {
  const url = new URL(request.url, "http://notes");
  const [, key] = /^\/notes\/([\w-]{1,80})$/.exec(url.pathname) ?? [];
  const page = pages[`${request.method} ${key ? "/notes/" : url.pathname}`];
  return page ? page({ request, url, key, ask: database.ask }) : { status: 404, json: { error: "no such page" } };
}

/** A database error's text may hold data, so it goes to the log and only its code to the client. */
function failure(request, error) {
  if (error instanceof Refused) return { status: error.status, json: { error: error.message } };
  console.error(`${request.method} ${request.url}: ${error.code ?? ""} ${error.message}`);
  return { status: 500, json: { error: "not known to be done: repeat it with the same key", code: error.code } };
}

function send(response, { status = 200, json, body = json ? Buffer.from(`${JSON.stringify(json)}\n`) : "", headers }) {
  response.writeHead(status, {
    ...own,
    "content-type": json ? "application/json" : "application/octet-stream",
    "cache-control": "no-store",
    ...(status === 204 ? {} : { "content-length": body.length }),
    ...(stopping ? { connection: "close" } : {}),
    ...headers,
  });
  response.end(body);
}

const server = createServer(async (request, response) => {
  inFlight += 1;
  response.once("close", () => {
    inFlight -= 1;
  });
  send(response, await answer(request).catch((error) => failure(request, error)));
});
server.on("upgrade", (request, socket, head) => {
  if (request.url === "/socket" && !stopping) sockets.accept(request, socket, head);
  else socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
});
// Longer than any load balancer keeps an idle connection, so that it is never us who close one under a request.
server.keepAliveTimeout = 120_000;
server.requestTimeout = 15_000;

function stop() {
  if (stopping) return;
  stopping = true;
  sockets.stop();
  server.close(() => database.close().then(() => process.exit(0)));
  // A connection over which nobody ever asked anything is not idle to node, and would keep us here.
  setInterval(() => inFlight === 0 && server.closeAllConnections(), 200).unref();
  setTimeout(() => process.exit(1), goodbyeMs).unref();
}
process.on("SIGTERM", stop);
process.on("SIGINT", stop);

server.listen(Number(PORT), HOST, () => console.log(`notes ${RELEASE}: web listens on ${HOST}:${PORT}`));
