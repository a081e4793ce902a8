/** What a DNS server's refusals mean, in words that say what to do next. */
import { Problem } from "../../model/problem.ts";
import { FUDGE_SECONDS, TSIG_ERROR } from "./tsig.ts";
import type { Server } from "./exchange.ts";

export const RCODE = { NOERROR: 0, NXDOMAIN: 3, YXDOMAIN: 6, YXRRSET: 7, NXRRSET: 8 } as const;

/** Names of RFC 1035 and RFC 2136. */
const NAMES = [
  "NOERROR",
  "FORMERR",
  "SERVFAIL",
  "NXDOMAIN",
  "NOTIMP",
  "REFUSED",
  "YXDOMAIN",
  "YXRRSET",
  "NXRRSET",
  "NOTAUTH",
  "NOTZONE",
];

export const rcodeName = (rcode: number): string => NAMES[rcode] ?? `RCODE ${rcode}`;

/** What was asked, for saying it again. */
export interface Place {
  environment: string;
  server: Server;
  zone: string;
  /** How long the answer to a datagram is waited for; over a connection twice as long. */
  patienceMs: number;
  key: { name: string; credential: string };
}

export const placeInWords = ({ server: { address, port }, zone }: Pick<Place, "server" | "zone">): string =>
  `zone ${zone} on ${address.includes(":") ? `[${address}]` : address}:${port}`;

const who = ({ server: { address, port } }: Place): string => `the DNS server ${address} port ${port}`;

export const noAnswer = (place: Place, why: string): Problem =>
  new Problem("unreachable", {
    what: `${who(place)} gives no valid answer`,
    why,
    next: `mend it, or names.server in the environment file; then: changeover name check ${place.environment}`,
  });

export const notTheAuthority = (place: Place, name: string, why: string): Problem =>
  new Problem("refused", {
    what: `${who(place)} has no say about ${name}`,
    why,
    next: `mend names.server or names.zone in the environment file; then: changeover name check ${place.environment}`,
  });

/** To a plain question. */
export function refusedQuery(place: Place, name: string, rcode: number): Problem {
  if (rcode === 2) return noAnswer(place, `it can't serve zone ${place.zone} at the moment (SERVFAIL)`);
  return notTheAuthority(place, name, `it answers ${rcodeName(rcode)}: it does not serve zone ${place.zone}`);
}

/** To an update whose signature it took. */
export function refusedUpdate(place: Place, rcode: number): Problem {
  const { zone, key } = place;
  const why: Record<number, string> = {
    2: `it failed while it changed zone ${zone} (SERVFAIL)`,
    4: "it takes no updates (NOTIMP)",
    5: `key "${key.name}" may not change this in zone ${zone} (REFUSED)`,
    9: `it is not the primary server of zone ${zone}, or key "${key.name}" may not change it (NOTAUTH)`,
    10: `the name is not in zone ${zone} (NOTZONE)`,
  };
  return new Problem("refused", {
    what: `${who(place)} refuses to change names`,
    why: why[rcode] ?? `it answers ${rcodeName(rcode)}`,
    next: `let it allow the key to change A records there; then: changeover name check ${place.environment}`,
  });
}

/** Because of the signature. */
export function refusedKey(place: Place, error: number, clocks: { theirs: number | null; ours: number }): Problem {
  const { environment, key } = place;
  const set = `changeover credential set ${environment} ${key.credential}`;
  if (error === TSIG_ERROR.BADTIME) {
    const { theirs, ours } = clocks;
    const apart = theirs === null ? `more than ${FUDGE_SECONDS}` : Math.abs(Math.round(ours - theirs));
    return new Problem("refused", {
      what: `${who(place)} does not take our signature`,
      why: `its clock and the control plane's are ${apart} s apart, ${FUDGE_SECONDS} s at most are allowed (BADTIME)`,
      next: `set the clocks; then: changeover name check ${environment}`,
    });
  }
  const why =
    error === TSIG_ERROR.BADKEY
      ? `it knows no key "${key.name}" of this algorithm, or one that may change nothing there (BADKEY)`
      : error === TSIG_ERROR.BADSIG
        ? `its secret of key "${key.name}" is another one than credential "${key.credential}" (BADSIG)`
        : `its answer is TSIG error ${error}`;
  return new Problem("refused", {
    what: `${who(place)} does not accept our key`,
    why,
    next: `mend names.key, or: ${set}; then: changeover name check ${environment}`,
  });
}

export const notHeldHere = (place: Place, name: string): Problem =>
  new Problem("refused", {
    what: `${name} can't be moved`,
    why: `the server's answers come from elsewhere than from a record of this name, as from a wildcard, or it changed twice just now`,
    next: `look at ${placeInWords(place)}; then: changeover name check ${place.environment}`,
  });

/** Told and never answered: it may have happened, or still happen. */
export const unknownOutcome = (place: Place, name: string, why: string, cause?: unknown): Problem =>
  new Problem(
    "outcome-unknown",
    {
      what: `nobody knows whether ${name} was moved`,
      why: `${who(place)} was told to and did not answer: ${why}`,
      next: `changeover name check ${place.environment}`,
    },
    cause,
  );

export const noSecret = (environment: string, credential: string): Problem =>
  new Problem("bad-input", {
    what: `credential "${credential}" is no secret of a TSIG key`,
    why: "such a secret is written in base64, as tsig-keygen and keymgr print it",
    next: `changeover credential set ${environment} ${credential}`,
  });
