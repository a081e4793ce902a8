/** Chooses the loopback network of a new environment: the same again for the same home and name, unless it is in use. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Problem } from "../model/problem.ts";

const TRIES = 500;
/** Second octets: of narrow networks, and of those of many servers, each of which has one to itself. */
const NARROW = { first: 16, count: 200 };
const WIDE = { first: 216, count: 38 };

/** The beginning of every address, "127.31.7" or for many servers "127.220"; `taken` are other environments' networks. */
export function chooseNetwork(home: string, environment: string, taken: readonly string[], wide = false): string {
  const inUse = new Set([...taken, ...listening()]);
  if (wide) for (const network of [...inUse]) inUse.add(network.split(".").slice(0, 2).join("."));
  const hash = createHash("sha256").update(`${home}\n${environment}`).digest();
  const start = hash.readUInt16BE(0);
  for (let turn = 0; turn < TRIES; turn++) {
    const network = wide ? wideAt(start + turn) : narrowAt(start + turn * 257);
    if (!inUse.has(network)) return network;
  }
  throw new Problem("refused", {
    what: `no loopback network is free for "${environment}"`,
    why: `something listens in each of them, or has been given it: ${[...taken].sort().join(", ") || "none was given"}`,
    next: "take another environment down, or use fewer servers",
  });
}

const narrowAt = (number: number): string =>
  `127.${NARROW.first + (number % NARROW.count)}.${Math.floor(number / NARROW.count) % 256}`;
const wideAt = (number: number): string => `127.${WIDE.first + (number % WIDE.count)}`;

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
