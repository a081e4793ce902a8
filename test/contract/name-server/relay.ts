/** Stands between a client and a DNS server: loses answers, forges them, lets no datagram through, or lets others in first. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type Socket as Stream } from "node:net";

export interface Relay {
  address: string;
  port: number;
  /** So many answers to changes that are still to be lost. */
  losing: number;
  /** Lets no datagram through. */
  deaf: boolean;
  /** Answers changes itself, as one who has no key: all is done. */
  forging: boolean;
  /** Awaited before the next change is let through. */
  before: (() => Promise<void>) | null;
  close(): Promise<void>;
}

const UPDATE = 5;
const isUpdate = (message: Buffer): boolean => ((message[2] ?? 0) >> 3) % 16 === UPDATE;

/** The question's header as an answer without an error, and nothing else. */
function forged(question: Buffer): Buffer {
  const answer = Buffer.from(question.subarray(0, 12));
  answer.writeUInt16BE(0x8000 | (UPDATE << 11), 2);
  answer.fill(0, 4);
  return answer;
}

export async function startRelay(server: { address: string; port: number }): Promise<Relay> {
  const front = createSocket("udp4");
  const backs = new Set<Socket>();
  const streams = new Set<Stream>();
  const lines = createServer((stream) => {
    const back = connect(server.port, server.address);
    for (const each of [stream, back]) streams.add(each.on("error", () => {}));
    stream.pipe(back).pipe(stream);
  });
  lines.listen(0, "127.0.0.1");
  await once(lines, "listening");
  const { port } = lines.address() as { port: number };
  front.bind(port, "127.0.0.1");
  await once(front, "listening");
  const relay: Relay = {
    ...{ address: "127.0.0.1", port, losing: 0, deaf: false, forging: false, before: null },
    async close() {
      for (const socket of backs) socket.close();
      for (const stream of streams) stream.destroy();
      front.close();
      lines.close();
      await Promise.all([once(front, "close"), once(lines, "close")]);
    },
  };
  const pass = async (question: Buffer, from: { port: number; address: string }): Promise<void> => {
    if (relay.deaf) return;
    if (isUpdate(question) && relay.forging) return front.send(forged(question), from.port, from.address);
    const { before } = relay;
    if (isUpdate(question) && before) {
      relay.before = null;
      await before();
    }
    const back = createSocket("udp4").on("error", () => {});
    backs.add(back);
    back.on("message", (answer) => {
      if (isUpdate(answer) && relay.losing > 0) relay.losing -= 1;
      else front.send(answer, from.port, from.address);
    });
    back.send(question, server.port, server.address);
  };
  front.on("message", (question, from) => void pass(question, from));
  return relay;
}
