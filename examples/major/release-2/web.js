/** The shop's web process: a JSON API and one page on $HOST:$PORT, ended by TERM without losing a request. */
import { createServer } from "node:http";
import { openDatabase } from "./database.js";
import * as orders from "./orders.js";
import { page } from "./page.js";
import { readJson, readOrder, Refused } from "./request.js";

const {
  HOST = "127.0.0.1",
  PORT = "8000",
  RELEASE = "2",
  SERVER_NAME = "",
  SHOP_TITLE = "The Lamp Shop",
} = process.env;
const goodbyeMs = 8000;
const database = openDatabase();
let stopping = false;
let inFlight = 0;

async function healthz() {
  try {
    await database.read(orders.health, 500);
    return { status: 200, json: { status: "ok", release: RELEASE } };
  } catch (error) {
    return { status: 503, json: { status: "broken", release: RELEASE, why: error.code ?? "no connection" } };
  }
}

async function answer(request) {
  const { pathname } = new URL(request.url, "http://shop");
  const byKey = /^\/orders\/by-key\/([^/]{1,240})$/.exec(pathname);
  switch (`${request.method} ${byKey ? "/orders/by-key/" : pathname}`) {
    case "GET /healthz":
      return healthz();
    case "GET /": {
      const latest = await database.read(orders.recent);
      return { status: 200, html: page({ title: SHOP_TITLE, release: RELEASE, server: SERVER_NAME, orders: latest }) };
    }
    case "GET /orders/recent":
      return { status: 200, json: { release: RELEASE, orders: await database.read(orders.recent) } };
    case "POST /orders": {
      const wanted = readOrder(await readJson(request), request.headers["idempotency-key"]);
      const { order, created } = await database.write((ask) => orders.place(ask, wanted));
      return { status: created ? 201 : 200, json: order };
    }
    case "GET /orders/by-key/": {
      const order = await database.read((ask) => orders.byKey(ask, keyIn(byKey)));
      return order ? { status: 200, json: order } : { status: 404, json: { error: "no such order" } };
    }
    case "DELETE /orders/by-key/":
      await database.write((ask) => orders.takeBack(ask, keyIn(byKey)));
      return { status: 204 };
    default:
      return { status: 404, json: { error: "no such page" } };
  }
}

function keyIn(found) {
  try {
    return decodeURIComponent(found[1]);
  } catch {
    throw new Refused(400, "the key in the path is not well encoded");
  }
}

/** A database error's text may hold data, so it goes to the log and only its code to the client. */
function failure(request, error) {
  if (error instanceof Refused) return { status: error.status, json: { error: error.message } };
  console.error(`${request.method} ${request.url}: ${error.code ?? ""} ${error.message}`);
  return {
    status: 500,
    json: { error: "not done, or not known to be done: repeat it with the same key", code: error.code },
  };
}

function send(response, { status, json, html }) {
  const body = html ?? (json === undefined ? "" : `${JSON.stringify(json)}\n`);
  response.writeHead(status, {
    "content-type": html ? "text/html; charset=utf-8" : "application/json",
    "cache-control": "no-store",
    "x-served-by": SERVER_NAME,
    "x-release": RELEASE,
    ...(status === 204 ? {} : { "content-length": Buffer.byteLength(body) }),
    ...(stopping ? { connection: "close" } : {}),
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
// Longer than any load balancer keeps an idle connection, so that it is never us who close one under a request.
server.keepAliveTimeout = 120_000;
server.requestTimeout = 15_000;

function stop() {
  if (stopping) return;
  stopping = true;
  server.close(() => database.close().then(() => process.exit(0)));
  // A connection over which nobody ever asked anything is not idle to node, and would keep us here.
  setInterval(() => inFlight === 0 && server.closeAllConnections(), 200).unref();
  setTimeout(() => process.exit(1), goodbyeMs).unref();
}
process.on("SIGTERM", stop);
process.on("SIGINT", stop);

server.listen(Number(PORT), HOST, () => console.log(`shop ${RELEASE}: web listens on ${HOST}:${PORT}`));
