/** A real HAProxy on a loopback address of its own, small applications behind it, and clients that count. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHaproxy } from "../../src/drivers/haproxy/driver.ts";
import type { Clock } from "../../src/model/clock.ts";
import { waitFor } from "../../src/model/clock.ts";
import { createLocalProvider } from "../../src/providers/local/provider.ts";
import { settings } from "../contract/load-balancer/world.ts";
import { acceptWebSocket } from "./websocket.ts";

export const clock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

export async function createHaproxyWorld() {
  const directory = await mkdtemp(join(tmpdir(), "changeover-haproxy-"));
  const [second, third] = [40 + Math.floor(Math.random() * 210), Math.floor(Math.random() * 256)];
  const addressOf = (last: number) => `127.${second}.${third}.${last}`;
  const provider = createLocalProvider({ directory, token: () => 1 });
  const cleanUps: (() => Promise<unknown>)[] = [];
  const address = addressOf(1);
  const record = { environment: "t", name: "lb-1", kind: "load-balancer" as const, address, labels: {} };
  const host = await provider.launch(record);
  const lb = createHaproxy(host, clock);

  /** Answers with its name; `?ms=` lets it think, `?code=` is its status, `/die` breaks the connection instead. */
  const application = async (name: string, last: number) => {
    const seen = { requests: 0, headers: {} as http.IncomingHttpHeaders, healthy: true };
    const server = http.createServer((request, response) => {
      if (request.url === "/healthz") return void response.writeHead(seen.healthy ? 200 : 500).end();
      seen.requests++;
      seen.headers = request.headers;
      const url = new URL(request.url ?? "/", "http://application");
      if (url.pathname === "/die") return void request.socket.destroy();
      request.on("error", () => {}).resume();
      const [ms, code] = ["ms", "code"].map((key) => Number(url.searchParams.get(key) ?? 0));
      request.on("end", () => setTimeout(() => response.writeHead(code || 200).end(name), ms));
    });
    // A websocket, or something else that says everything back.
    server.on("upgrade", (request, socket) => {
      if (acceptWebSocket(request, socket, name)) return;
      socket.on("error", () => {});
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
      socket.pipe(socket);
    });
    server.listen(8000, addressOf(last));
    await once(server, "listening");
    const close = async () => {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    };
    cleanUps.push(close);
    return { seen, close, member: { server: name, address: addressOf(last), port: 8000 } };
  };

  /** A database as far as a load balancer sees one: it says its name and keeps the connection. */
  const database = async (name: string, last: number) => {
    const sockets = new Set<net.Socket>();
    const server = net.createServer((socket) => {
      sockets.add(socket.on("error", () => {}));
      socket.write(name);
    });
    server.listen(3306, addressOf(last));
    await once(server, "listening");
    cleanUps.push(async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    return { address: addressOf(last), port: 3306 };
  };

  /** Its supervisor has started it again afterwards. */
  const kill = async () => {
    const limit = { withinMs: 20_000, everyMs: 50 };
    const before = await waitFor(clock, limit, async () => {
      const now = await host.serviceState("haproxy");
      return now.pid !== null && now;
    });
    if (!before?.pid) throw new Error("there is no process to kill");
    process.kill(before.pid, "SIGKILL");
    const back = await waitFor(clock, limit, async () => {
      const now = await host.serviceState("haproxy");
      return now.restarts > before.restarts && (await lb.running());
    });
    if (!back) throw new Error("it did not come back");
  };

  const close = async () => {
    for (const cleanUp of cleanUps) await cleanUp();
    await provider.retire("t", "lb-1");
    await provider.close();
    await rm(directory, { recursive: true, force: true });
  };
  return {
    directory,
    address,
    addressOf,
    host,
    provider,
    lb,
    kill,
    application,
    database,
    close,
  };
}

export interface Answer {
  status: number;
  body: string;
  headers: http.IncomingHttpHeaders;
  ms: number;
}

export interface Ask {
  host?: string;
  path?: string;
  body?: string;
  /** Sends the body without saying how long it will be. */
  chunked?: boolean;
  tester?: string;
  agent?: http.Agent;
}

/** Rejects when the connection breaks before an answer came. */
export function ask(
  address: string,
  { host = "shop.example", path = "/", body, chunked, tester, agent }: Ask = {},
): Promise<Answer> {
  const begun = Date.now();
  return new Promise((resolve, reject) => {
    const headers = { host, ...(tester ? { "x-changeover-tester": tester } : {}) };
    const method = body === undefined ? "GET" : "POST";
    const options = {
      host: address,
      port: settings.port,
      path,
      method,
      headers,
      agent: agent ?? false,
      timeout: 30_000,
    };
    const request = http.request(options, (response) => {
      let text = "";
      response.setEncoding("utf8").on("error", reject);
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: text, headers: response.headers, ms: Date.now() - begun }),
      );
    });
    request.on("timeout", () => request.destroy(new Error("no answer in 30 s"))).on("error", reject);
    if (chunked) request.write("in chunks ");
    request.end(body);
  });
}

export interface Tally {
  requests: number;
  paged: number;
  failed: number;
  /** Answers of the applications, by their names. */
  answers: Record<string, number>;
  slowestMs: number;
}

/** Kept-alive clients that ask one request after the other, each fourth a POST, until told to stop. */
export function startClients(address: string, clients: number, how: (turn: number) => Ask = () => ({})) {
  const tally: Tally = { requests: 0, paged: 0, failed: 0, answers: {}, slowestMs: 0 };
  const agent = new http.Agent({ keepAlive: true, maxSockets: clients });
  let stopped = false;
  const client = async () => {
    while (!stopped && tally.requests < 6_000) {
      const turn = tally.requests++;
      const body = turn % 4 === 0 ? { body: "written ".repeat(40) } : {};
      const answer = await ask(address, { agent, ...body, ...how(turn) }).catch(() => null);
      if (answer?.headers["changeover-page"] === "maintenance") tally.paged++;
      else if (answer?.status === 200) tally.answers[answer.body] = (tally.answers[answer.body] ?? 0) + 1;
      else tally.failed++;
      tally.slowestMs = Math.max(tally.slowestMs, answer?.ms ?? 0);
      await clock.sleep(4);
    }
  };
  const work = Array.from({ length: clients }, client);
  return {
    tally,
    stop: async () => {
      stopped = true;
      await Promise.all(work);
      agent.destroy();
      return tally;
    },
  };
}
