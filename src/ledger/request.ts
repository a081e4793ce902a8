/** One HTTP request as a client of the public sends it, with a limit on its time; it never throws, it tells. */
import http from "node:http";
import type { HttpCheck } from "../model/application.ts";
import type { Endpoint } from "../model/load-balancer.ts";
import type { Answer } from "../model/world.ts";

/**
 * `error` means that no whole answer came: refused, reset, cut in the middle, or too late. `stale`: the connection had
 * been used before, and ended without a byte in answer to this request.
 */
export type Outcome = { answer: Answer } | { error: string; stale?: true };

const bodyBytesMax = 256 * 1024;

export interface Sending {
  target: Endpoint;
  host: string;
  timeoutMs: number;
  /** False opens a connection of its own. */
  agent: http.Agent | false;
}

export function send(check: HttpCheck, { target, host, timeoutMs, agent }: Sending): Promise<Outcome> {
  return new Promise((resolve) => {
    const request = http.request({
      host: target.address,
      port: target.port,
      agent,
      method: check.method,
      path: check.path,
      headers: { ...bodyHeaders(check), ...check.headers, host },
    });
    const timer = setTimeout(() => end({ error: `no answer within ${timeoutMs} ms` }), timeoutMs);
    const end = (outcome: Outcome) => {
      clearTimeout(timer);
      resolve(outcome);
      if ("error" in outcome) request.destroy();
    };
    let readBefore = 0;
    request.on("socket", (socket) => {
      readBefore = socket.bytesRead;
    });
    const fail = (error: NodeJS.ErrnoException) => {
      const stale = request.reusedSocket && request.socket?.bytesRead === readBefore;
      end({ error: error.code ?? error.message, ...(stale ? { stale } : {}) });
    };
    request.on("error", fail);
    request.on("response", (response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on("error", fail);
      response.on("data", (part: Buffer) => {
        bytes += part.length;
        if (bytes <= bodyBytesMax) parts.push(part);
      });
      response.on("end", () => {
        if (!response.complete) return end({ error: "answer cut off" });
        end({ answer: asAnswer(response, Buffer.concat(parts).toString("utf8")) });
      });
    });
    request.end(check.body);
  });
}

function asAnswer(response: http.IncomingMessage, body: string): Answer {
  const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
  return { status: response.statusCode ?? 0, headers: Object.fromEntries(headers), body };
}

function bodyHeaders(check: HttpCheck): Record<string, string> {
  if (check.body === undefined) return {};
  const type = /^\s*[{[]/.test(check.body) ? "application/json" : "application/x-www-form-urlencoded";
  return { "content-type": type, "content-length": String(Buffer.byteLength(check.body)) };
}
