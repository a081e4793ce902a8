/** A client's end of a websocket: short texts both ways, and an ending that tells whether it was a proper one. */
import { randomBytes } from "node:crypto";
import http, { type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Outcome } from "../../src/ledger/request.ts";
import type { Endpoint } from "../../src/model/load-balancer.ts";
import { acceptOf } from "../../test/real/websocket.ts";

const [TEXT, CLOSE, PING, PONG] = [0x81, 0x88, 0x89, 0x8a];
/** The longest payload whose frame needs no longer head. */
const shortMax = 125;
const NO_CODE = 1005;

/** `ended`: the code of the other end's close frame; null when the connection ended without one, or by nonsense. */
export type Heard = { text: string } | { ended: number | null } | "nothing";

export interface WebSocket {
  headers: IncomingMessage["headers"];
  /** At most 125 bytes. */
  say(text: string): void;
  /** What comes next, within so long; for one waiter at a time. */
  next(withinMs: number): Promise<Heard>;
  /** The answer to it is heard as an ending. */
  close(code: number): void;
  destroy(): void;
}

export interface Opening {
  target: Endpoint;
  host: string;
  path: string;
  timeoutMs: number;
}

/** An outcome when it was not let in. */
export function openWebSocket({ target, host, path, timeoutMs }: Opening): Promise<WebSocket | Outcome> {
  const key = randomBytes(16).toString("base64");
  const upgrade = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
  const headers = { host, ...upgrade, "sec-websocket-key": key };
  return new Promise((resolve) => {
    const request = http.request({ host: target.address, port: target.port, path, headers, agent: false });
    const end = (outcome: WebSocket | Outcome) => {
      clearTimeout(timer);
      resolve(outcome);
      if ("error" in outcome) request.destroy();
    };
    const timer = setTimeout(() => end({ error: `no handshake within ${timeoutMs} ms` }), timeoutMs);
    request.on("error", (error: NodeJS.ErrnoException) => end({ error: error.code ?? error.message }));
    request.on("response", (response) => {
      const answered = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
      response.on("error", () => {}).resume();
      end({ answer: { status: response.statusCode ?? 0, headers: Object.fromEntries(answered), body: "" } });
    });
    request.on("upgrade", (response, socket, head) => {
      const right = response.headers["sec-websocket-accept"] === acceptOf(key);
      if (right) return end(stand(response, socket, head));
      socket.destroy();
      end({ error: "a wrong handshake" });
    });
    request.end();
  });
}

function stand({ headers }: IncomingMessage, socket: Duplex, head: Buffer): WebSocket {
  const { tell, next } = openHeard();
  let bytes: Buffer = Buffer.alloc(0);
  let closing = false;
  const close = (code: Buffer) => {
    if (!closing) socket.write(frame(CLOSE, code));
    closing = true;
  };
  const take = (kind: number, payload: Buffer) => {
    if (kind === TEXT) tell({ text: payload.toString("utf8") });
    else if (kind === PING) socket.write(frame(PONG, payload));
    else if (kind === CLOSE) {
      tell({ ended: payload.length < 2 ? NO_CODE : payload.readUInt16BE(0) });
      close(payload.subarray(0, 2));
      socket.end();
    } else if (kind !== PONG) socket.destroy();
  };
  const read = (part: Buffer) => {
    bytes = Buffer.concat([bytes, part]);
    while (bytes.length >= 2) {
      const length = bytes[1] ?? 0;
      // A longer or a masked one is none that we asked for.
      if (length > shortMax) return void socket.destroy();
      if (bytes.length < 2 + length) return;
      const [kind, payload] = [bytes[0] ?? 0, bytes.subarray(2, 2 + length)];
      bytes = bytes.subarray(2 + length);
      take(kind, payload);
    }
  };
  socket.on("close", () => tell({ ended: null })).on("end", () => socket.end());
  socket.on("error", () => {});
  read(head);
  socket.on("data", read);
  return {
    headers,
    next,
    say: (text) => void socket.write(frame(TEXT, Buffer.from(text))),
    close: (code) => close(Buffer.from([code >> 8, code & 255])),
    destroy: () => void socket.destroy(),
  };
}

/** Kept in order until somebody asks; only the first ending counts. */
function openHeard() {
  const waiting: Exclude<Heard, "nothing">[] = [];
  let wake = () => {};
  return {
    tell(heard: Exclude<Heard, "nothing">): void {
      if (waiting.some((one) => "ended" in one)) return;
      waiting.push(heard);
      wake();
    },
    next(withinMs: number): Promise<Heard> {
      return new Promise((resolve) => {
        const timer = setTimeout(() => resolve("nothing"), withinMs);
        wake = () => {
          clearTimeout(timer);
          wake = () => {};
          const [first] = waiting;
          // An ending stays the last word.
          resolve(first && "ended" in first ? first : (waiting.shift() ?? "nothing"));
        };
        if (waiting.length > 0) wake();
      });
    },
  };
}

/** Masked, as a client has to. */
function frame(kind: number, payload: Buffer): Buffer {
  const mask = randomBytes(4);
  const hidden = payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  return Buffer.concat([Buffer.from([kind, 0x80 | payload.length]), mask, hidden]);
}
