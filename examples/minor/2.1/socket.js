/** Websockets (RFC 6455) that give each text back; at the end they say goodbye with 1001 after their last answer. */
import { createHash } from "node:crypto";

const [TEXT, CLOSE, PING, PONG] = [0x81, 0x88, 0x89, 0x8a];
const [GOING_AWAY, PROTOCOL_ERROR, UNSUPPORTED, TOO_BIG] = [1001, 1002, 1003, 1009];
const textBytesMax = 4096;
const goodbyeMs = 2000;

/** `rest` is what came after it; null while the frame is not whole, a number when the connection has to end with it. */
function readFrame(bytes) {
  if (bytes.length < 2) return null;
  const long = (bytes[1] & 0x7f) === 126;
  if (bytes.length < (long ? 4 : 2)) return null;
  const length = long ? bytes.readUInt16BE(2) : bytes[1] & 0x7f;
  if (length > textBytesMax || length === 127) return TOO_BIG;
  if ((bytes[1] & 0x80) === 0) return PROTOCOL_ERROR;
  const at = long ? 4 : 2;
  const end = at + 4 + length;
  if (bytes.length < end) return null;
  const payload = bytes.subarray(at + 4, end).map((byte, index) => byte ^ bytes[at + (index % 4)]);
  return { kind: bytes[0], payload, rest: bytes.subarray(end) };
}

function frame(kind, payload) {
  const { length } = payload;
  return Buffer.concat([Buffer.from(length < 126 ? [kind, length] : [kind, 126, length >> 8, length & 255]), payload]);
}

function goodbye(code) {
  return frame(CLOSE, Buffer.from([code >> 8, code & 255]));
}

export function openSockets(headers) {
  const open = new Set();

  /** Whoever closes first, the other end says it too, and then the connection ends. */
  function close(client, code) {
    if (client.closing) return;
    client.closing = true;
    client.socket.write(goodbye(code));
    setTimeout(() => client.socket.destroy(), goodbyeMs).unref();
  }

  function take(client, { kind, payload }) {
    if (kind === CLOSE) {
      client.socket.end(client.closing ? undefined : frame(CLOSE, payload.subarray(0, 2)));
      client.closing = true;
    } else if (client.closing) return;
    else if (kind === TEXT) client.socket.write(frame(TEXT, payload));
    else if (kind === PING) client.socket.write(frame(PONG, payload));
    else if (kind !== PONG) close(client, UNSUPPORTED);
  }

  function accept(request, socket, head) {
    const key = request.headers["sec-websocket-key"];
    if (!key || request.headers.upgrade?.toLowerCase() !== "websocket") return socket.destroy();
    const accepted = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    const client = { socket, closing: false, bytes: Buffer.alloc(0) };
    open.add(client);
    socket.on("close", () => open.delete(client)).on("end", () => socket.end());
    socket.on("error", () => {});
    socket.setNoDelay(true);
    const own = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${own.join("")}Sec-WebSocket-Accept: ${accepted}\r\n\r\n`,
    );
    const read = (part) => {
      client.bytes = Buffer.concat([client.bytes, part]);
      for (let next = readFrame(client.bytes); next !== null; next = readFrame(client.bytes)) {
        if (typeof next === "number") {
          client.bytes = Buffer.alloc(0);
          return close(client, next);
        }
        client.bytes = next.rest;
        take(client, next);
      }
    };
    read(head);
    socket.on("data", read);
  }

  return { accept, stop: () => [...open].map((client) => close(client, GOING_AWAY)) };
}
