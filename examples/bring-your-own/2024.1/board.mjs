/** A house's notice board over HTTP: read it, post to it, withdraw from it. */
import { createServer } from "node:http";
import { latest, look, post, release, withdraw } from "./notices.mjs";

const { BOARD_LISTEN, BOARD_PORT } = process.env;
const bytesMax = 16 * 1024;

/** Answers 200 also when things are bad, because an old monitoring wants it so: look at the body. */
async function status() {
  const schema = await look().catch(() => null);
  return reply(
    200,
    JSON.stringify({ status: schema === null ? "degraded" : "ok", release, schema }),
    "application/json",
  );
}

async function posted(request) {
  const parts = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    if (bytes > bytesMax) return reply(413, "too long for the board\n");
    parts.push(part);
  }
  const form = new URLSearchParams(Buffer.concat(parts).toString("utf8"));
  const notice = { ref: form.get("ref"), author: form.get("author"), text: form.get("text") };
  if (!/^[a-z0-9-]{1,80}$/.test(notice.ref ?? "") || !notice.author || notice.author.length > 80 || !notice.text) {
    return reply(400, "a notice has a ref, an author and a text\n");
  }
  await post(notice);
  return reply(200, `on the board: ${notice.ref}\n`);
}

async function answer(request) {
  const { pathname, searchParams } = new URL(request.url, "http://board");
  switch (`${request.method} ${pathname}`) {
    case "GET /status":
      return status();
    case "GET /notices":
      return reply(200, `[${(await latest()).join(",\n")}]\n`, "application/json");
    case "POST /notices":
      return posted(request);
    case "POST /notices/withdraw":
      await withdraw(searchParams.get("ref") ?? "");
      return reply(200, "withdrawn\n");
    default:
      return reply(404, "nothing here\n");
  }
}

const reply = (code, body, type = "text/plain") => ({ code, body, type });

function failed(request, error) {
  console.error(`${request.method} ${request.url}: ${error.message}`);
  return reply(500, "the board has a problem; post it again with the same ref\n");
}

let inFlight = 0;
const server = createServer(async (request, response) => {
  inFlight += 1;
  response.once("close", () => {
    inFlight -= 1;
  });
  const { code, body, type } = await answer(request).catch((error) => failed(request, error));
  const headers = { "content-type": `${type}; charset=utf-8`, "x-release": release };
  response.writeHead(code, server.listening ? headers : { ...headers, connection: "close" }).end(body);
});
server.keepAliveTimeout = 120_000;

process.once("SIGTERM", () => {
  server.close(() => process.exit(0));
  // A connection over which nobody ever asked anything is not idle to node, and would keep us here.
  setInterval(() => inFlight === 0 && server.closeAllConnections(), 200).unref();
  setTimeout(() => process.exit(1), 8000).unref();
});

server.listen(Number(BOARD_PORT), BOARD_LISTEN, () => console.log(`board ${release} on ${BOARD_LISTEN}:${BOARD_PORT}`));
