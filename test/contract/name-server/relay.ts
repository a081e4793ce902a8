/** Stands between a client and a DNS server, and loses what it is told to lose. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

export interface Relay {
  port: number;
  /** So many answers to changes that are still to be lost. */
  losing: number;
  close(): Promise<void>;
}

const UPDATE = 5;
const isUpdate = (message: Buffer): boolean => ((message[2] ?? 0) >> 3) % 16 === UPDATE;

/** For UDP; over TCP nobody listens there. */
export async function startRelay(server: { address: string; port: number }): Promise<Relay> {
  const front = createSocket("udp4");
  const backs = new Set<Socket>();
  front.bind(0, "127.0.0.1");
  await once(front, "listening");
  const relay: Relay = {
    port: front.address().port,
    losing: 0,
    async close() {
      for (const socket of backs) socket.close();
      front.close();
      await once(front, "close");
    },
  };
  front.on("message", (question, { port, address }) => {
    const back = createSocket("udp4").on("error", () => {});
    backs.add(back);
    back.on("message", (answer) => {
      if (isUpdate(answer) && relay.losing > 0) relay.losing -= 1;
      else front.send(answer, port, address);
    });
    back.send(question, server.port, server.address);
  });
  return relay;
}
