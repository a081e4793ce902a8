/** What is lost: how events add up by key, what an acceptance is bound to, and how it is worded. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { beyondAccepted, drawLoss, type Loss, lossOf } from "../../src/model/loss.ts";
import { type RowEvent, Tally, type TableEvents, type WritesSince } from "../../src/model/row-events.ts";

const row = (id: string, value: string) => ({ id, value });
function change(
  table: string,
  before: Record<string, string> | null,
  after: Record<string, string> | null,
  keyed = true,
) {
  const image = before ?? after ?? {};
  const event: RowEvent = {
    event: before && after ? "update" : before ? "delete" : "insert",
    table,
    key: keyed ? { id: image.id ?? "" } : null,
    before,
    after,
    at: "0-1-1",
  };
  return event;
}

const tallyOf = (events: RowEvent[]): TableEvents[] => {
  const tally = new Tally();
  for (const event of events) tally.add(event);
  return tally.tables;
};

test("a row that ended as it began is not lost; a changed key is one gone and one new", () => {
  const events = [
    change("a", null, row("1", "x")),
    change("a", row("1", "x"), null),
    change("a", row("2", "x"), row("2", "y")),
    change("a", row("2", "y"), row("2", "x")),
    change("b", row("3", "x"), row("4", "x")),
    change("b", row("5", "x"), null),
    change("b", null, row("5", "z")),
  ];
  expect(tallyOf(events)).toEqual([
    { table: "a", inserted: 1, updated: 2, deleted: 1, net: 0 },
    { table: "b", inserted: 1, updated: 1, deleted: 1, net: 3 },
  ]);
});

test("without a key equal rows count by their number", () => {
  const events = [
    change("log", null, row("1", "x"), false),
    change("log", null, row("1", "x"), false),
    change("log", row("1", "x"), null, false),
    change("log", row("2", "x"), row("2", "y"), false),
  ];
  expect(tallyOf(events)).toMatchObject([{ inserted: 2, deleted: 1, updated: 1, net: 2 }]);
});

test("net is the number of keys whose row differs, whatever happened in between", () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.constantFrom("x", "y", null)), { maxLength: 40 });
  fc.assert(
    fc.property(fc.subarray(["0", "1", "2"]), steps, (there, wanted) => {
      const begin = new Map(there.map((id) => [id, "x"]));
      const now = new Map(begin);
      const events: RowEvent[] = [];
      for (const [id, value] of wanted.map(([number, to]) => [String(number), to] as const)) {
        const held = now.get(id);
        if (held === undefined && value === null) continue;
        events.push(change("t", held === undefined ? null : row(id, held), value === null ? null : row(id, value)));
        if (value === null) now.delete(id);
        else now.set(id, value);
      }
      const differing = ["0", "1", "2", "3", "4"].filter((id) => begin.get(id) !== now.get(id));
      expect(tallyOf(events)[0]?.net ?? 0).toBe(differing.length);
    }),
    { numRuns: 200 },
  );
});

const writes = (tables: TableEvents[], upTo = "0-1-9"): WritesSince => ({ from: "0-1-5", upTo, tables, statements: 0 });
const table = (name: string, inserted: number): TableEvents => ({
  table: name,
  inserted,
  updated: 0,
  deleted: 0,
  net: inserted,
});
const counted = (tables: TableEvents[], upTo?: string): Loss =>
  lossOf("u-1", writes(tables, upTo), { sinceAt: 0, events: 1, exportedTo: "exports/u-1-counted.jsonl" });

test("the hash is bound to the upgrade, the positions and the counts of every table", () => {
  const one = counted([table("orders", 1)]);
  expect(one.hash).toMatch(/^[0-9a-f]{12}$/);
  expect(counted([table("orders", 1)]).hash).toBe(one.hash);
  const others = [counted([table("orders", 2)]), counted([table("orders", 1)], "0-1-10"), counted([table("items", 1)])];
  const other = lossOf("u-2", writes([table("orders", 1)]), { sinceAt: 0, events: 1, exportedTo: "-" });
  expect(new Set([one, ...others, other].map(({ hash }) => hash)).size).toBe(5);
});

test("more rows of the same tables are accepted, rows of other tables are not", () => {
  const accepted = counted([table("orders", 1), table("items", 2)]);
  expect(beyondAccepted(accepted, counted([table("orders", 900), table("items", 2)], "0-1-99"))).toEqual([]);
  expect(beyondAccepted(accepted, counted([table("orders", 1), table("invoices", 1)]))).toEqual(["invoices"]);
});

test("it reads as a sentence", () => {
  expect(drawLoss({ events: 0, tables: [], statements: 0 })).toBe("0 row events in 0 tables");
  expect(drawLoss({ events: 1, tables: [table("orders", 1)], statements: 0 })).toBe(
    "1 row event in 1 table (orders 1 inserted)",
  );
  const changed = { table: "stock", inserted: 0, updated: 3, deleted: 2, net: 5 };
  expect(drawLoss({ events: 6, tables: [table("orders", 1), changed], statements: 1 })).toBe(
    "6 row events in 2 tables (orders 1 inserted; stock 3 updated, 2 deleted) and 1 statement such as changes of the schema",
  );
});
