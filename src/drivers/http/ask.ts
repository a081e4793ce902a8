/** One HTTP request over a byte stream that a host has dialled, so that probes are asked from where the server is. */
import http from "node:http";
import type { Duplex } from "node:stream";
import type { HttpCheck } from "../../model/application.ts";
import { Problem } from "../../model/problem.ts";
import type { Answer } from "../../model/world.ts";

const MAX_BODY = 1_000_000;

export interface AskOptions {
  /** Value of the Host header. */
  host: string;
  headers?: Record<string, string>;
  timeoutMs: number;
}

/** The whole answer; a Problem of kind "unreachable" when none came in time. */
export async function ask(dial: () => Promise<Duplex>, check: HttpCheck, options: AskOptions): Promise<Answer> {
  const asked = `${check.method} ${check.path}`;
  try {
    const stream = asSocket(await dial());
    return await exchange(stream, check, options);
  } catch (error) {
    throw new Problem(
      "unreachable",
      {
        what: `no answer to ${asked}`,
        why: (error as Error).message,
        next: "look at the server's log: changeover status",
      },
      error,
    );
  }
}

function exchange(stream: Duplex, check: HttpCheck, options: AskOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request({
      createConnection: () => stream as never,
      method: check.method,
      path: check.path,
      headers: { ...bodyHeaders(check), ...check.headers, ...options.headers, host: options.host, connection: "close" },
    });
    const timer = setTimeout(() => fail(new Error(`nothing within ${options.timeoutMs} ms`)), options.timeoutMs);
    const fail = (error: Error) => {
      clearTimeout(timer);
      stream.destroy();
      reject(error);
    };
    stream.on("error", fail);
    request.on("error", fail);
    request.on("response", (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on("error", fail);
      response.on("data", (part: Buffer) => {
        size += part.length;
        if (size <= MAX_BODY) parts.push(part);
      });
      response.on("end", () => {
        clearTimeout(timer);
        stream.destroy();
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(Object.entries(response.headers).map(([name, held]) => [name, String(held)])),
          body: Buffer.concat(parts).toString("utf8"),
        });
      });
    });
    request.end(check.body);
  });
}

function bodyHeaders(check: HttpCheck): Record<string, string> {
  if (check.body === undefined) return {};
  const type = /^\s*[{[]/.test(check.body) ? "application/json" : "application/x-www-form-urlencoded";
  return { "content-type": type, "content-length": String(Buffer.byteLength(check.body)) };
}

/** A channel of an SSH connection lacks what node:http calls on a socket. */
function asSocket(stream: Duplex): Duplex {
  const socket = stream as unknown as Record<string, unknown>;
  for (const method of ["setKeepAlive", "setNoDelay", "setTimeout", "ref", "unref"]) {
    socket[method] ??= () => stream;
  }
  return stream;
}
