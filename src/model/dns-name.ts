/** Names in the DNS: what one leads to now, how it is moved from its present owner to another, and what caches remember. */
import { isIPv4 } from "node:net";
import { z } from "zod";
import { Problem } from "./problem.ts";

export interface NameRecord {
  name: string;
  /** Its A records, sorted; empty when it leads nowhere. */
  addresses: string[];
  /** How long caches remember them; of a name that leads nowhere: how long they remember that. */
  ttlSeconds: number;
}

export interface NameMove {
  /** What must be there at that moment, all of it and nothing else; empty: nothing. */
  from: readonly string[];
  to: readonly string[];
  ttlSeconds: number;
}

/** Whoever says where names lead. It is asked and told by the control plane itself, through no host. */
export interface NameServer {
  /** A hosts file has no TTL: nothing remembers what stands in it. */
  readonly kind: "dns" | "hosts-file" | "simulated";
  /** Where it is, in words. */
  readonly place: string;
  /** As the authority has it now, past every cache. */
  read(name: string): Promise<NameRecord>;
  /**
   * Compare-and-swap, at once or not at all: refused, and nothing changed, when the name leads elsewhere than `from` at
   * that moment. Safe to repeat: where it leads to `to` already, nothing is done.
   */
  move(name: string, move: NameMove): Promise<void>;
  /** The same to nowhere. */
  remove(name: string, from: readonly string[]): Promise<void>;
  /** Shows that we may change these names, and changes nothing. */
  prove(names: readonly string[]): Promise<void>;
}

const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const NAME = new RegExp(`^(?=.{1,253}$)${LABEL}(?:\\.${LABEL})*$`);

export const dnsName = z.string().regex(NAME, "must be a name in lower case: letters, digits, dashes and dots");

/** More would not fit into what every resolver takes. */
const MOST_ADDRESSES = 20;

/** What a server can have: no network, no broadcast, no multicast, and written in one way only. */
export const isServerAddress = (text: string): boolean => {
  const first = Number(text.split(".")[0]);
  return isIPv4(text) && first !== 0 && first < 224;
};

export const addressList = z
  .array(z.string().refine(isServerAddress, "must be an IPv4 address that a server can have"))
  .max(MOST_ADDRESSES)
  .refine((list) => new Set(list).size === list.length, "must not hold an address twice");

export const isWithin = (name: string, zone: string): boolean => name === zone || name.endsWith(`.${zone}`);

export const sorted = (addresses: readonly string[]): string[] => [...addresses].sort();

export const sameAddresses = (left: readonly string[], right: readonly string[]): boolean =>
  sorted(left).join() === sorted(right).join();

/** Whether there is nothing left to do. */
export const isThere = (now: NameRecord, { to, ttlSeconds }: NameMove): boolean =>
  sameAddresses(now.addresses, to) && (to.length === 0 || now.ttlSeconds === ttlSeconds);

export const inWords = (addresses: readonly string[]): string =>
  addresses.length === 0 ? "nowhere" : sorted(addresses).join(" and ");

/** As in "it leads …". */
export const whither = (addresses: readonly string[]): string =>
  addresses.length === 0 ? "nowhere" : `to ${inWords(addresses)}`;

/** Somebody else was faster, or knows more. */
export const heldByOther = (now: NameRecord, wanted: readonly string[]): Problem =>
  new Problem("refused", {
    what: `${now.name} is not what it was taken for`,
    why: `it leads ${whither(now.addresses)} now, not ${whither(wanted)}`,
    next: "find out who moved it: changeover name list, then changeover activity",
  });

/** Why a name must not be moved as yet, or null: so long after a move caches would lead people to the old address. */
export const tooLong = ({ addresses, ttlSeconds }: NameRecord, limitSeconds: number): string | null =>
  addresses.length > 0 && ttlSeconds > limitSeconds
    ? `caches remember it for ${ttlSeconds} s (its TTL), and the limit is ${limitSeconds} s`
    : null;

export const refuseTooLong = (name: string, why: string, next: string): Problem =>
  new Problem("refused", {
    what: `${name} can't be moved yet`,
    why: `${why}: so long people would be led to the old address`,
    next,
  });

export const shortenFirst = (environment: string, name: string, limitSeconds: number): string =>
  `changeover name move ${environment} ${name} --ttl ${limitSeconds}, and when the old TTL is over, move it`;
