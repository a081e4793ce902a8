/** Chooses the loopback network of a new environment: the same again for the same home and name, unless it is in use. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const TRIES = 500;

/** The first three octets, such as "127.31.7"; `taken` are networks of other environments. */
export function chooseNetwork(home: string, environment: string, taken: readonly string[]): string {
  const inUse = new Set([...taken, ...listening()]);
  const hash = createHash("sha256").update(`${home}\n${environment}`).digest();
  const start = hash.readUInt16BE(0);
  for (let turn = 0; turn < TRIES; turn++) {
    const number = start + turn * 257;
    const network = `127.${16 + (number % 200)}.${Math.floor(number / 200) % 256}`;
    if (!inUse.has(network)) return network;
  }
  throw new Error("no loopback network is free");
}

/** Networks in which something listens on this machine, as "127.31.7"; empty where the kernel does not tell. */
function listening(): string[] {
  try {
    return readFileSync("/proc/net/tcp", "utf8")
      .split("\n")
      .slice(1)
      .flatMap((line) => {
        const hex = line.trim().split(/\s+/)[1]?.split(":")[0];
        if (!hex) return [];
        // Little-endian: the last byte of the text is the first octet.
        const octets = hex
          .match(/../g)
          ?.reverse()
          .map((byte) => Number.parseInt(byte, 16));
        return octets ? [octets.slice(0, 3).join(".")] : [];
      });
  } catch {
    return [];
  }
}
