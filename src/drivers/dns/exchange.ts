/** One question to a DNS server and its answer, over UDP or TCP; silence is an answer, too. */
import { createSocket } from "node:dgram";
import { isIPv6, connect } from "node:net";

export interface Server {
  address: string;
  port: number;
}

export type Answered<T> = { answer: T } | { silence: string };

export interface Try {
  over: "udp" | "tcp";
  withinMs: number;
}

/** Where datagrams get lost, or are not let through, a connection may be. */
export const triesOf = (patienceMs: number): Try[] => [
  { over: "udp", withinMs: patienceMs },
  { over: "udp", withinMs: patienceMs },
  { over: "tcp", withinMs: 2 * patienceMs },
];

/**
 * Gives what `accept` makes of the first answer that it takes. What it gives null for came from somebody else, or
 * is for another question: it is passed over.
 */
export const exchange = <T>(
  server: Server,
  message: Buffer,
  how: Try,
  accept: (bytes: Buffer) => T | null,
): Promise<Answered<T>> =>
  how.over === "udp" ? overUdp(server, message, how.withinMs, accept) : overTcp(server, message, how.withinMs, accept);

const nothing = (withinMs: number): string => `no answer within ${withinMs / 1000} s`;

function overUdp<T>(
  { address, port }: Server,
  message: Buffer,
  withinMs: number,
  accept: (bytes: Buffer) => T | null,
): Promise<Answered<T>> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
    let over = false;
    const end = (answered: Answered<T>): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      socket.removeAllListeners().on("error", () => {});
      socket.close();
      resolve(answered);
    };
    const timer = setTimeout(() => end({ silence: nothing(withinMs) }), withinMs);
    const fail = (error?: Error | null): void => {
      if (error) end({ silence: error.message });
    };
    socket.on("error", fail);
    socket.on("message", (bytes) => {
      const answer = accept(bytes);
      if (answer !== null) end({ answer });
    });
    // Connected, a socket hears nobody else, and is told when nobody listens there.
    const sendIt = (error?: Error): void => {
      fail(error);
      if (!over) socket.send(message, fail);
    };
    socket.connect(port, address, sendIt);
  });
}

/** Each message is told its length first. */
function overTcp<T>(
  { address, port }: Server,
  message: Buffer,
  withinMs: number,
  accept: (bytes: Buffer) => T | null,
): Promise<Answered<T>> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    let heard = Buffer.alloc(0);
    const end = (answered: Answered<T>): void => {
      clearTimeout(timer);
      socket.removeAllListeners().on("error", () => {});
      socket.destroy();
      resolve(answered);
    };
    const timer = setTimeout(() => end({ silence: nothing(withinMs) }), withinMs);
    socket.on("error", ({ message: why }) => end({ silence: why }));
    socket.on("close", () => end({ silence: "the connection was closed without an answer" }));
    socket.on("data", (part) => {
      heard = Buffer.concat([heard, part]);
      if (heard.length < 2 || heard.length < 2 + heard.readUInt16BE(0)) return;
      const answer = accept(heard.subarray(2, 2 + heard.readUInt16BE(0)));
      end(answer === null ? { silence: "what came is no answer to the question" } : { answer });
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length);
    socket.write(Buffer.concat([length, message]));
  });
}
