/** Laws of rows that cross from one schema to another by place: what is accepted never changes a value, whatever the schemas are. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { compareRows } from "../../src/model/rows/compare.ts";
import type { RowColumn, RowTable } from "../../src/model/rows/table.ts";

const names = ["id", "a", "b", "c", "d"];
const columnOf = (column: string): fc.Arbitrary<RowColumn> =>
  fc.record({
    column: fc.constant(column),
    type: fc.constantFrom("int(11)", "bigint(20)", "enum('x','y')", "enum('x','y','z')", "enum('y','x')"),
    charset: fc.constant(null),
    collation: fc.constant(null),
    nullable: fc.boolean(),
    hasDefault: fc.boolean(),
    autoIncrement: fc.constant(false),
    generated: fc.constant(null),
  });
const key = fc.subarray(names, { minLength: 1, maxLength: 2 });
/** Any columns in any order; the first is the key. */
const table: fc.Arbitrary<RowTable> = fc
  .shuffledSubarray(names, { minLength: 1 })
  .chain((chosen) => fc.tuple(...chosen.map(columnOf)))
  .map((columns) => ({
    ...{ table: "t", kind: "table" as const, columns, unique: [], checks: [], foreignKeys: [] },
    primaryKey: [columns[0]?.column ?? ""],
  }));
const tableNamed = (name: string) => table.map((one) => ({ ...one, table: name }));
const tables = fc.subarray(["p", "q", "r"]).chain((chosen) => fc.tuple(...chosen.map(tableNamed)));

type Cell = string | number | null;

/** What a column may hold, as it travels: the number of an enumeration's value, a number, or nothing. */
const cellOf = ({ type, nullable }: RowColumn): fc.Arbitrary<Cell> => {
  const held = type.startsWith("enum")
    ? fc.integer({ min: 1, max: type.split(",").length })
    : fc.integer({ min: -5, max: type === "int(11)" ? 5 : 3_000_000_000 });
  return nullable ? fc.option(held) : held;
};

/** What people see in it; null where it can't be held, and the server makes something else of it. */
function shown({ type, nullable }: RowColumn, cell: Cell): string | null {
  if (cell === null) return nullable ? "NULL" : null;
  if (type.startsWith("enum")) return type.match(/'(\w)'/g)?.[Number(cell) - 1] ?? null;
  return type === "int(11)" && Number(cell) > 2_147_483_647 ? null : String(cell);
}

test("a row of an accepted table is seen at the receiver as it was at the sender, in every column that both have", () => {
  let accepted = 0;
  const pairs = table.chain((from) =>
    fc.record({
      from: fc.constant(from),
      // Half of them close to it, else hardly any would be accepted.
      to: fc.oneof(
        table,
        fc.nat().map((cut) => ({ ...from, columns: from.columns.slice(0, 1 + (cut % names.length)) })),
      ),
      row: fc.tuple(...from.columns.map(cellOf)),
    }),
  );
  fc.assert(
    fc.property(pairs, ({ from, to, row }) => {
      if (compareRows([from], [to]).refusals.length > 0) return;
      accepted += 1;
      for (const [place, column] of to.columns.entries()) {
        const sent = from.columns[place];
        if (!sent) {
          expect(from.columns.some((one) => one.column === column.column)).toBe(false);
          expect(column.nullable || column.hasDefault).toBe(true);
          continue;
        }
        expect(column.column).toBe(sent.column);
        const cell = row[place] ?? null;
        expect(shown(column, cell)).toBe(shown(sent, cell));
      }
    }),
    { numRuns: 2_000 },
  );
  expect(accepted).toBeGreaterThan(200);
});

test("a schema is always accepted by itself, whatever keys it has, in any order of its tables", () => {
  fc.assert(
    fc.property(tables, fc.array(key), fc.array(fc.string()), (schema, unique, checks) => {
      const same = schema.map((one) => ({ ...one, unique, checks }));
      expect(compareRows(same, same.toReversed()).refusals).toEqual([]);
    }),
  );
});

test("a rule that only the receiver has is refused, one that only the sender has is not, but for what it cascades", () => {
  const foreign = { columns: ["a"], to: { table: "p", columns: ["id"] }, onUpdate: "RESTRICT", onDelete: "NO ACTION" };
  const cascading = { ...foreign, onDelete: "CASCADE" };
  fc.assert(
    fc.property(table, (one) => {
      const with_ = (more: Partial<RowTable>): RowTable => ({ ...one, ...more });
      for (const more of [{ checks: ["`a` > 0"] }, { foreignKeys: [foreign] }, { unique: [["e"]] }]) {
        expect(compareRows([one], [with_(more)]).refusals).toHaveLength(1);
        expect(compareRows([with_(more)], [one]).refusals).toEqual([]);
      }
      expect(compareRows([with_({ foreignKeys: [cascading] })], [one]).refusals).toHaveLength(1);
      expect(
        compareRows([with_({ foreignKeys: [foreign] })], [with_({ foreignKeys: [cascading] })]).refusals,
      ).toHaveLength(1);
    }),
  );
});

test("a table that is gone may be one of the new ones: somebody has to say that it was dropped", () => {
  fc.assert(
    fc.property(tables, tableNamed("old"), tableNamed("new"), (schema, old, fresh) => {
      expect(compareRows(schema, [...schema, old]).refusals).toEqual([]);
      const verdict = compareRows([...schema, fresh], [...schema, old]);
      expect([verdict.passedOver, verdict.refusals.map(({ table: of }) => of)]).toEqual([["new"], ["old"]]);
      expect(compareRows([...schema, fresh], [...schema, old], { droppedTables: ["old"] }).refusals).toEqual([]);
    }),
  );
});

test("a column with another name is refused, and accepted when it was declared to be the same", () => {
  fc.assert(
    fc.property(table, fc.nat(), (one, at) => {
      const place = at % one.columns.length;
      const before = one.columns[place]?.column ?? "";
      const rename = (name: string): string => (name === before ? "fresh" : name);
      const renamed = {
        ...one,
        columns: one.columns.map((of) => ({ ...of, column: rename(of.column) })),
        primaryKey: one.primaryKey?.map(rename) ?? null,
      };
      expect(compareRows([renamed], [one]).refusals.length).toBeGreaterThan(0);
      expect(compareRows([renamed], [one], { renamedColumns: { t: { fresh: before } } }).refusals).toEqual([]);
    }),
  );
});
