/** The mixed clients against a server that misbehaves in named ways: each wrong is counted once, and nothing else is. */
import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import { createHash } from "node:crypto";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openMixed } from "../../bench/mixed/clients.ts";
import { type Judged, type Kind, kinds, openCounts } from "../../bench/mixed/counts.ts";
import { talk } from "../../bench/mixed/talk.ts";
import { readBook } from "../../src/ledger/book.ts";
import { waitFor } from "../../src/model/clock.ts";
import { systemClock } from "../../src/run/clock.ts";
import { acceptOf } from "../real/websocket.ts";

const address = "127.113.48.1";
const going: http.Server[] = [];
const upgraded = new Set<Duplex>();
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mixed-"));
});
afterEach(async () => {
  for (const socket of upgraded) socket.destroy();
  for (const server of going.splice(0)) server.close().closeAllConnections();
  await rm(folder, { recursive: true, force: true });
});

async function listen(server: http.Server): Promise<number> {
  going.push(server);
  await new Promise<void>((up) => server.listen(0, address, up));
  return (server.address() as AddressInfo).port;
}

/** `asked` counts from 1 for each socket and for the whole server. */
type Misdeed = (request: { line: string; ofSocket: number; ofServer: number }) => string | null;

/** Behaves as examples/minor, but for the misdeeds; counts them by `METHOD path: misdeed`. */
async function openServer(misdeed: Misdeed) {
  const done = new Map<string, number>();
  const perSocket = new WeakMap<Socket, number>();
  let all = 0;
  const server = http.createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts);
    const line = `${request.method} ${request.url?.replace(/\?.*/, "")}`;
    const ofSocket = (perSocket.get(request.socket) ?? 0) + 1;
    perSocket.set(request.socket, ofSocket);
    const deed = misdeed({ line, ofSocket, ofServer: ++all });
    if (deed) done.set(`${line}: ${deed}`, (done.get(`${line}: ${deed}`) ?? 0) + 1);
    const { status, headers, text } = rightAnswer(line, body, String(request.headers["idempotency-key"]));
    if (deed === "hang") return undefined;
    if (deed === "cut") return request.socket.destroy();
    if (deed === "half a head") return request.socket.write("HTTP/1.1 200", () => request.socket.destroy());
    if (deed === "half a body") {
      response.writeHead(status, { ...headers, "content-length": text.length + 10 });
      return response.write(text, () => request.socket.destroy());
    }
    if (deed === "page") return response.writeHead(503, { "changeover-page": "maintenance" }).end("back soon");
    if (deed === "error") return response.writeHead(502).end("bad gateway");
    if (deed === "nobody") return response.writeHead(404).end("unknown host");
    if (deed === "other body")
      return response.writeHead(status, headers).end(`x${text.slice(1)}`.replace(/[:"]/g, "_"));
    if (deed === "other sum") return response.writeHead(status, { ...headers, "x-checksum": "0" }).end(text);
    return response.writeHead(status, headers).end(text);
  });
  let sockets = 0;
  server.on("upgrade", (request, socket) => {
    sockets += 1;
    welcome(request, socket, () => "echo");
  });
  const of = (deed: string) =>
    [...done].filter(([name]) => name.endsWith(`: ${deed}`)).reduce((sum, [, count]) => sum + count, 0);
  return { port: await listen(server), done, of, asked: () => all, sockets: () => sockets };
}

function rightAnswer(line: string, body: Buffer, key: string) {
  const headers = { "x-release": "2.0" };
  if (line === "POST /echo") {
    const sum = createHash("sha256").update(body).digest("hex");
    return { status: 200, headers: { ...headers, "x-checksum": sum }, text: body.toString() };
  }
  const text = { "GET /version": '{"release":"2.0"}', "GET /notes": '{"notes":[]}', "GET /slow": '{"ms":2000}' }[line];
  return { status: line === "POST /notes" ? 201 : 200, headers, text: text ?? `{"key":"${key}"}` };
}

/** What is sent for the nth message of a connection; a number closes with it, null ends without a frame. */
type Reply = (message: string, nth: number) => "echo" | "silence" | { text: string } | number | null;

function welcome(request: http.IncomingMessage, socket: Duplex, reply: Reply): void {
  upgraded.add(socket);
  socket.on("close", () => upgraded.delete(socket)).on("error", () => {});
  const accept = acceptOf(String(request.headers["sec-websocket-key"]));
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  let nth = 0;
  // The clients here send one short frame at a time.
  socket.on("data", (frame: Buffer) => {
    const payload = frame.subarray(6).map((byte, at) => byte ^ (frame[2 + (at % 4)] ?? 0));
    if (frame[0] === 0x88) return socket.end(Buffer.from([0x88, payload.length, ...payload]));
    const said = reply(payload.toString(), ++nth);
    if (said === null) return socket.destroy();
    if (typeof said === "number") return socket.write(Buffer.from([0x88, 2, said >> 8, said & 255]));
    if (said === "silence") return undefined;
    const text = said === "echo" ? payload : Buffer.from(said.text);
    return socket.write(Buffer.from([0x81, text.length, ...text]));
  });
}

type Server = Awaited<ReturnType<typeof openServer>>;

/** As long as it takes for enough to have happened, also on a busy machine. */
async function visit(misdeed: Misdeed, enough: (server: Server) => boolean = () => true, timeoutMs = 10_000) {
  const server = await openServer(misdeed);
  const file = join(folder, "writes.jsonl");
  const entrances = [{ address, port: server.port }];
  const clients = openMixed({ entrances, host: "notes.test", file, clock: systemClock, perSecond: 120, timeoutMs });
  const limit = { withinMs: 15_000, everyMs: 50 };
  const all = await waitFor(
    systemClock,
    limit,
    async () => server.asked() > 80 && server.sockets() > 0 && enough(server),
  );
  const report = await clients.stop();
  expect(all, `enough happened: ${JSON.stringify([...server.done])}`).toBe(true);
  const sum = (column: "sent" | "answered" | "failed" | "paged") =>
    kinds.reduce((total, kind) => total + report.kinds[kind][column], 0);
  expect(sum("answered") + sum("failed") + sum("paged")).toBe(sum("sent"));
  const { lines, runs } = await readBook(file);
  expect(runs.reduce((total, { count }) => total + count, 0)).toBe(sum("sent"));
  return { server, report, lines, sum };
}

test("nothing fails where nothing is wrong, and all kinds are sent as often as they should be", async () => {
  const { report, lines, sum } = await visit(() => null);
  expect(report).toMatchObject({ failures: [], retried: 0, writes: { refused: 0, open: 0 } });
  expect(sum("failed") + sum("paged")).toBe(0);
  for (const kind of kinds) expect(report.kinds[kind].sent, kind).toBeGreaterThan(0);
  expect(sum("sent")).toBeGreaterThan(80);
  expect(new Set(lines.map(({ key }) => key)).size).toBe(report.kinds.write.answered);
  expect(report.releases).toMatchObject([{ answers: { "2.0": sum("answered") - report.kinds.socket.answered } }]);
});

const everywhere = ["hang", "half a body", "error", "nobody", "other body"];
test.each(everywhere)('each "%s" is one failure', async (deed) => {
  const misdeed: Misdeed = ({ ofServer }) => (ofServer % 9 === 0 ? deed : null);
  const { server, report, sum } = await visit(misdeed, ({ of }) => of(deed) > 10, deed === "hang" ? 3000 : undefined);
  expect(sum("failed")).toBe(server.of(deed));
  expect(report.kinds.kept.failed + report.kinds.fresh.failed).toBeGreaterThan(0);
  expect(report.failures).toHaveLength(Math.min(50, server.of(deed)));
});

test("the page is not a failure, and a wrong checksum is one", async () => {
  const { server, report, sum } = await visit(({ line, ofServer }) =>
    line === "POST /echo" ? "other sum" : ofServer % 5 === 0 ? "page" : null,
  );
  expect(sum("paged")).toBe(server.of("page"));
  expect(report.kinds.post).toMatchObject({ answered: 0, failed: server.of("other sum") });
  expect(sum("failed")).toBe(report.kinds.post.failed);
  expect(report.failures[0]?.why).toMatch(/the checksum of \d+ bytes is wrong/);
});

test("a write that was cut is a failure, is sent again with its key, and is written down once", async () => {
  const misdeed: Misdeed = ({ line, ofServer }) => (line === "POST /notes" && ofServer % 2 === 1 ? "cut" : null);
  const { server, report, lines } = await visit(misdeed, ({ of }) => of("cut") > 10);
  const cuts = server.of("cut");
  expect(report.kinds.write.failed).toBe(cuts);
  expect(new Set(lines.map(({ key }) => key)).size).toBe(lines.length);
  expect(lines).toHaveLength(report.kinds.write.answered);
  expect(lines.some(({ tries }) => tries > 1)).toBe(true);
});

test("a kept connection that ends under a request costs a GET another try and a POST its answer", async () => {
  const of = ({ done }: Server, start: string) =>
    [...done].filter(([name]) => name.startsWith(start)).reduce((sum, [, count]) => sum + count, 0);
  const { server, report } = await visit(
    ({ ofSocket }) => (ofSocket === 2 ? "cut" : null),
    (seen) => of(seen, "GET") > 10 && of(seen, "POST") > 5,
  );
  expect(report.retried).toBe(of(server, "GET"));
  expect(report.kinds.kept.failed + report.kinds.slow.failed + report.kinds.fresh.failed).toBe(0);
  expect(report.kinds.post.failed + report.kinds.write.failed).toBe(of(server, "POST"));
});

test("once a byte of the answer has come, or on a new connection, nothing is tried again", async () => {
  const half: Misdeed = ({ ofSocket }) => (ofSocket === 2 ? "half a head" : null);
  const begun = await visit(half, ({ of }) => of("half a head") > 10);
  expect(begun.report.retried).toBe(0);
  expect(begun.sum("failed")).toBe(begun.server.of("half a head"));
  await rm(join(folder, "writes.jsonl"));
  await rm(join(folder, "writes.jsonl.answers"));
  const cut: Misdeed = ({ ofSocket, ofServer }) => (ofSocket === 1 && ofServer % 5 === 0 ? "cut" : null);
  const fresh = await visit(cut, ({ of }) => of("cut") > 10);
  expect(fresh.report.retried).toBe(0);
  expect(fresh.sum("failed")).toBe(fresh.server.of("cut"));
});

async function converse(onUpgrade: (request: http.IncomingMessage, socket: Duplex, connection: number) => void) {
  const server = http.createServer((_, response) => response.writeHead(200).end());
  let connections = 0;
  server.on("upgrade", (request, socket) => onUpgrade(request, socket, ++connections));
  const target = { address, port: await listen(server) };
  const judged: Judged[] = [];
  let began = 0;
  const talked = await talk({
    name: "me",
    opening: () => ({ target, host: "notes.test", path: "/socket", timeoutMs: 600 }),
    livesMs: 800,
    everyMs: 10,
    signal: new AbortController().signal,
    began: () => {
      began += 1;
    },
    ended: (how) => void judged.push(how),
  });
  expect(judged).toHaveLength(began);
  return { talked, judged };
}

const third =
  (said: ReturnType<Reply>): Reply =>
  (_, nth) =>
    nth === 3 ? said : "echo";
const wrongs: [string, Reply, RegExp][] = [
  ["a lost message", third("silence"), /me-3: no answer in time/],
  ["a wrong answer", third({ text: "me-2" }), /me-3: "me-2" came instead/],
  ["an end without a frame", third(null), /me-3: the connection ended without a close frame/],
  ["an end that says 1011", third(1011), /me-3: closed with 1011/],
  ["an end that says 1000 instead of an answer", third(1000), /me-3: closed with 1000/],
  ["nobody who answers a goodbye", (_, nth) => (nth > 0 ? "echo" : null), /goodbye after me-\d+: no answer in time/],
];
test.each(wrongs)("a websocket with %s is one failure", async (name, reply, why) => {
  const deaf = name.includes("goodbye");
  const { talked, judged } = await converse((request, socket) => {
    if (deaf) socket.end = () => socket;
    welcome(request, socket, reply);
  });
  expect(judged).toEqual([{ kind: "failed", why: expect.stringMatching(why) }]);
  if (!deaf) expect(talked).toEqual({ connections: 1, messages: 2, carried: 0 });
});

test("a websocket that is not let in is a failure, unless it is the page that says so", async () => {
  const refuse = (head: string) =>
    converse((_, socket) => void socket.end(`HTTP/1.1 ${head}\r\nContent-Length: 0\r\n\r\n`));
  expect((await refuse("502 Bad Gateway")).judged).toEqual([{ kind: "failed", why: "handshake: status 502" }]);
  expect((await refuse("404 Not Found")).judged).toEqual([{ kind: "failed", why: "handshake: status 404" }]);
  expect((await refuse("503 Later\r\nchangeover-page: maintenance")).judged).toEqual([{ kind: "paged" }]);
  const other = await converse((request, socket) => {
    request.headers["sec-websocket-key"] = "another one";
    welcome(request, socket, () => "echo");
  });
  expect(other.judged).toEqual([{ kind: "failed", why: "handshake: a wrong handshake" }]);
});

test("told to go away with 1001, a client goes on over another connection and loses nothing", async () => {
  const said: string[] = [];
  const { talked, judged } = await converse((request, socket, connection) =>
    welcome(request, socket, (message, nth) => {
      if (connection === 1 && nth === 3) return 1001;
      said.push(message);
      return "echo";
    }),
  );
  expect(judged).toEqual([{ kind: "answered" }, { kind: "answered" }]);
  expect(talked).toMatchObject({ connections: 2, carried: 1, messages: said.length });
  expect(said).toEqual(said.map((_, at) => `me-${at + 1}`));
  const sentAway = await converse((request, socket) => welcome(request, socket, () => 1001));
  expect(sentAway.judged.at(-1)).toEqual({ kind: "failed", why: "told to go away 20 times" });
});

test("what has not ended when the clients stop is a failure, and releases are told apart by the second", () => {
  const counts = openCounts();
  const answer = (at: number, release: string, kind: Kind = "kept") => {
    counts.sent(kind);
    counts.ended(at, kind, { kind: "answered" }, 5, release);
  };
  for (const at of [1000, 1900, 2100]) answer(at, "2.0");
  for (const [at, release] of [
    [3000, "2.0"],
    [3100, "2.1"],
    [4000, "2.1"],
    [4100, "2.0"],
  ] as const)
    answer(at, release);
  answer(5000, "2.1", "post");
  counts.sent("slow");
  const counted = counts.close(6000, "too late");
  expect(counted.failures).toEqual([{ at: 6000, kind: "slow", why: "too late" }]);
  expect(counted.releases).toEqual([
    { from: 1000, to: 2100, answers: { "2.0": 3 } },
    { from: 3000, to: 4100, answers: { "2.0": 2, "2.1": 2 } },
    { from: 5000, to: 5000, answers: { "2.1": 1 } },
  ]);
  counts.ended(7000, "slow", { kind: "answered" }, 5);
  expect(counted.kinds.slow).toMatchObject({ sent: 1, answered: 0, failed: 1 });
});
