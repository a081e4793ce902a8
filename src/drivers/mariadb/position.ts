/** GTID positions as sorted text: one entry per replication domain, comparable with `===`. */

/** `domain-server-sequence`, the last transaction of one domain. */
interface Gtid {
  domain: string;
  server: string;
  sequence: bigint;
}

export function parsePosition(text: string): Map<string, Gtid> {
  const found = new Map<string, Gtid>();
  for (const part of text.split(",")) {
    const match = /^\s*(\d+)-(\d+)-(\d+)\s*$/.exec(part);
    if (!match) {
      if (part.trim() === "") continue;
      throw new TypeError(`not a GTID position: "${text}"`);
    }
    const gtid = { domain: match[1] as string, server: match[2] as string, sequence: BigInt(match[3] as string) };
    const known = found.get(gtid.domain);
    if (!known || known.sequence < gtid.sequence) found.set(gtid.domain, gtid);
  }
  return found;
}

function formatPosition(position: Map<string, Gtid>): string {
  const gtids = [...position.values()].sort((left, right) => Number(left.domain) - Number(right.domain));
  return gtids.map(({ domain, server, sequence }) => `${domain}-${server}-${sequence}`).join(",");
}

/** One spelling per position: no spaces or line breaks, domains in order. */
export const normalisePosition = (text: string): string => formatPosition(parsePosition(text));

/** Everything in `wanted` is also in `seen`; which server wrote it is only compared where both end at the same number. */
export function covers(seen: string, wanted: string): boolean {
  const have = parsePosition(seen);
  for (const gtid of parsePosition(wanted).values()) {
    const mine = have.get(gtid.domain);
    if (!mine || mine.sequence < gtid.sequence) return false;
    if (mine.sequence === gtid.sequence && mine.server !== gtid.server) return false;
  }
  return true;
}

/** Transactions from one position to a later one; null when the later one does not cover it. */
export function countBetween(from: string, to: string): number | null {
  if (!covers(to, from)) return null;
  const before = parsePosition(from);
  return [...parsePosition(to).values()].reduce(
    (sum, { domain, sequence }) => sum + Number(sequence - (before.get(domain)?.sequence ?? 0n)),
    0,
  );
}

/** The later of each domain: where a history stands that knows both. */
export const laterPosition = (left: string, right: string): string => normalisePosition(`${left},${right}`);
