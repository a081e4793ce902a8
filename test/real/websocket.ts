/** A websocket as RFC 6455 has it, as far as tests need one: a handshake, one message from the server, a close from either end. */
import { createHash, randomBytes } from "node:crypto";
import http, { type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

const TEXT = 0x81;
const CLOSE = 0x88;

export const acceptOf = (key: string): string =>
  createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");

/** The server's end: greets, then stands until the client closes it. False for an upgrade to something else. */
export function acceptWebSocket({ headers }: IncomingMessage, socket: Duplex, greeting: string): boolean {
  const key = headers["sec-websocket-key"];
  if (!key || headers.upgrade?.toLowerCase() !== "websocket") return false;
  const accept = `Sec-WebSocket-Accept: ${acceptOf(key)}`;
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${accept}\r\n\r\n`);
  socket.write(Buffer.from([TEXT, greeting.length, ...Buffer.from(greeting)]));
  socket.on("data", (frame: Buffer) => frame[0] === CLOSE && socket.end(Buffer.from([CLOSE, 0])));
  socket.on("end", () => socket.end()).on("error", () => {});
  return true;
}

export interface WebSocketClient {
  /** What the server said first; null when it was not let in. */
  greeting: string | null;
  /** Resolves when the connection has ended, whoever ended it. */
  closed: Promise<void>;
  close(): void;
}

export function openWebSocket(address: string, port: number, host: string): Promise<WebSocketClient> {
  const key = randomBytes(16).toString("base64");
  const headers = {
    ...{ host, connection: "Upgrade", upgrade: "websocket" },
    ...{ "sec-websocket-version": "13", "sec-websocket-key": key },
  };
  return new Promise((resolve, reject) => {
    const request = http.request({ host: address, port, headers, agent: false });
    const refused = () => resolve({ greeting: null, closed: Promise.resolve(), close: () => {} });
    request.on("response", (response) => response.resume().on("end", refused));
    request.on("error", refused);
    request.on("upgrade", (response, socket, head) => {
      if (response.headers["sec-websocket-accept"] !== acceptOf(key)) return reject(new Error("a wrong handshake"));
      const closed = new Promise<void>((over) => socket.on("close", () => over()).on("error", () => {}));
      // A client's frames are masked; this one is empty, so any mask will do.
      const close = () => socket.end(Buffer.from([CLOSE, 0x80, 1, 2, 3, 4]));
      const greet = (frame: Buffer) =>
        frame[0] === TEXT && resolve({ greeting: frame.subarray(2, 2 + (frame[1] ?? 0)).toString(), closed, close });
      if (head.length > 0) greet(head);
      socket.on("data", greet);
      void closed.then(refused);
    });
    request.end();
  });
}
