/** What tells two databases apart, table by table, in words; pure, so that proofs and previews say the same. */

export interface TableSum {
  table: string;
  rows: number;
  sum: string;
}

/** How many tables a sentence names before it says how many more there are. */
const NAMED = 12;

/** One sentence per table that is not the same on both sides, in the order of their names. */
export function tableDifferences(
  left: readonly TableSum[],
  right: readonly TableSum[],
  names: { left: string; right: string },
): string[] {
  const [ofLeft, ofRight] = [byName(left), byName(right)];
  return [...new Set([...ofLeft.keys(), ...ofRight.keys()])].sort().flatMap((table) => {
    const [one, other] = [ofLeft.get(table), ofRight.get(table)];
    if (one?.rows === other?.rows && one?.sum === other?.sum) return [];
    const rows = (seen: TableSum | undefined) => (seen ? `${seen.rows} rows` : "no such table");
    const same = one?.rows === other?.rows ? ", with other values" : "";
    return [`table "${table}": ${rows(one)} in ${names.left}, ${rows(other)} in ${names.right}${same}`];
  });
}

/** A list that stays readable; empty for none. */
export const inWords = (differences: readonly string[]): string =>
  [
    ...differences.slice(0, NAMED),
    ...(differences.length > NAMED ? [`and ${differences.length - NAMED} more tables`] : []),
  ].join("; ");

export const countRows = (tables: readonly TableSum[]): number => tables.reduce((sum, { rows }) => sum + rows, 0);

const byName = (sums: readonly TableSum[]): Map<string, TableSum> => new Map(sums.map((one) => [one.table, one]));
