/** Whether rows that are written under one schema arrive whole under another, through a log that names places, not columns; pure. */
import { compareColumns } from "./columns.ts";
import { compareKeys } from "./keys.ts";
import type { RowTable } from "./table.ts";
import type { RowVerdict } from "./verdict.ts";

/** What somebody says of the difference, because the schemas alone can't tell: a new name, or one thing gone and another come. */
export interface Declared {
  /** Old name by new name, for each table. */
  renamedColumns?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Tables that only the receiver has, and that nobody writes any more under whatever name. */
  droppedTables?: readonly string[];
}

export function compareRows(
  sender: readonly RowTable[],
  receiver: readonly RowTable[],
  declared: Declared = {},
): RowVerdict {
  const verdict: RowVerdict = { refusals: [], passedOver: [], notices: [] };
  const [sends, receives] = [byName(sender), byName(receiver)];
  verdict.passedOver.push(...[...sends.keys()].filter((name) => !receives.has(name)).sort());
  for (const name of [...receives.keys()].sort()) {
    const [from, to] = [sends.get(name), receives.get(name)];
    if (from && to) compareTable(from, to, declared.renamedColumns?.[name] ?? {}, verdict);
    else judgeMissing(name, verdict, declared);
  }
  for (const name of verdict.passedOver) {
    verdict.notices.push(`rows of ${name} stay behind: only the sender has it`);
  }
  return verdict;
}

function compareTable(
  from: RowTable,
  to: RowTable,
  renamed: Readonly<Record<string, string>>,
  { refusals, notices }: RowVerdict,
): void {
  const { table } = from;
  if (from.kind !== "table" || to.kind !== "table") {
    refusals.push({ table, why: `${table} is no plain table on both sides`, harm: "unknown" });
    return;
  }
  const told = [...compareColumns(from, to, renamed), ...compareKeys(from, to, renamed)];
  for (const one of told) {
    if (typeof one === "string") notices.push(one);
    else refusals.push({ table, ...one });
  }
}

/** Where the sender has new tables as well, it may be one of them under another name: its rows would be lost unseen. */
function judgeMissing(name: string, { refusals, passedOver, notices }: RowVerdict, { droppedTables = [] }: Declared) {
  if (passedOver.length === 0 || droppedTables.includes(name)) {
    notices.push(`${name} stays as it is: only the receiver has it`);
    return;
  }
  refusals.push({
    table: name,
    why: `${name} is gone, and may be one of the new tables under another name (${passedOver.join(", ")}); say that it was dropped`,
    harm: "corrupts",
  });
}

const byName = (tables: readonly RowTable[]): Map<string, RowTable> => new Map(tables.map((one) => [one.table, one]));
