/** What the name server contract needs of a world: a server, another one who uses it, and somebody who asks nobody. */
import type { NameServer } from "../../../src/model/dns-name.ts";
import { ZONE } from "./knot.ts";

export interface NameServerWorld {
  names: NameServer;
  /** The same server, used by another control plane. */
  other: NameServer;
  /** Whether records are remembered for as long as they say. */
  ttls: boolean;
  /** Lets so many of the next changes happen without anybody hearing of it. */
  lose(count: number): void;
  close(): Promise<void>;
}

export type AskWorld = () => NameServerWorld;

/** Addresses that nobody has to have. */
export const [A, B, C] = ["10.9.0.1", "10.9.0.2", "10.9.0.3"] as const;

let used = 0;
/** A name that no test has used before. */
export const freshName = (): string => {
  used += 1;
  return `name-${used}.${ZONE}`;
};
