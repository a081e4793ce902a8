/** What differs between two sets of inputs, two servers, or what a server runs with and would be launched with. Pure. */
import type { Difference } from "../difference.ts";
import type { CrossRow } from "./cross-reference.ts";
import { type HeldInput, type InputSet, inOrder } from "./set.ts";
import { spell } from "./spelling.ts";

/** By the order of the names; what is equal is left out. */
function differencesOf(from: ReadonlyMap<string, string>, to: ReadonlyMap<string, string>): Difference[] {
  const keys = [...new Set([...from.keys(), ...to.keys()])].sort();
  return keys.flatMap((key) => {
    const [left, right] = [from.get(key) ?? null, to.get(key) ?? null];
    return left === right ? [] : [{ key, from: left, to: right }];
  });
}

export const setDifferences = (from: InputSet, to: InputSet): Difference[] => differencesOf(textsOf(from), textsOf(to));

const textsOf = (set: InputSet): Map<string, string> => new Map(inOrder(set).map((one) => [nameOf(one), told(one)]));

/** "PORT", "PORT of server app-1". */
export const nameOf = ({ place, input }: HeldInput): string =>
  place.level === "environment" ? input : `${input} of ${place.level} ${place.owner}`;

/** A loan that was renewed is another one. */
const told = ({ value, lease }: HeldInput): string =>
  lease === null ? spell(value) : `${spell(value)} (${lease.by} until ${new Date(lease.until).toISOString()})`;

const valuesIn = (rows: readonly CrossRow[], server: string, of: "next" | "current"): Map<string, string> =>
  new Map(rows.flatMap((row) => (row.server === server && row[of] ? [[row.input, row[of].value]] : [])));

/** What the next launches of two servers would give them. */
export const serverDifferences = (rows: readonly CrossRow[], left: string, right: string): Difference[] =>
  differencesOf(valuesIn(rows, left, "next"), valuesIn(rows, right, "next"));

/** What a relaunch would change; to be given nothing, and to be said to be nothing, are the same to what runs. */
export const pendingDifferences = (rows: readonly CrossRow[], server: string): Difference[] => {
  const differing = rows.filter(({ differs }) => differs);
  return differencesOf(valuesIn(differing, server, "current"), valuesIn(differing, server, "next"));
};

/** What an edit changes for a server's next launch. */
export const nextDifferences = (
  before: readonly CrossRow[],
  after: readonly CrossRow[],
  server: string,
): Difference[] => differencesOf(valuesIn(before, server, "next"), valuesIn(after, server, "next"));
