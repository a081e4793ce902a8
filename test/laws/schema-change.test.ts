/** Laws of comparing schemas: nothing changed says nothing, what is taken away always breaks, what is added and may be left out never does. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  compareSchemas,
  type SchemaChange,
  type SchemaColumn,
  type SchemaRule,
  type SchemaTable,
  uncovered,
} from "../../src/model/schema-change.ts";

const name: fc.Arbitrary<string> = fc.constantFrom("a", "b", "c", "d", "e");
const column: fc.Arbitrary<SchemaColumn> = fc.record({
  column: name,
  type: fc.constantFrom("int", "text"),
  nullable: fc.boolean(),
  hasDefault: fc.boolean(),
});
const tableOf = (view: fc.Arbitrary<boolean>): fc.Arbitrary<SchemaTable> =>
  fc.record({
    table: name,
    view,
    columns: fc.uniqueArray(column, { selector: (one) => one.column, minLength: 1, maxLength: 5 }),
    rules: fc.constant([]),
  });
const schemaOf = (view = fc.boolean(), minLength = 0) =>
  fc.uniqueArray(tableOf(view), { selector: ({ table }) => table, minLength, maxLength: 5 });
const tables = schemaOf(fc.constant(false), 1);
const nothing: SchemaChange = { added: [], breaking: [], changed: [], tables: [] };

const changed = (schema: SchemaTable[], at: number, columns: (of: SchemaColumn[]) => SchemaColumn[]): SchemaTable[] =>
  schema.map((one, index) => (index === at % schema.length ? { ...one, columns: columns(one.columns) } : one));

test("a schema compared with itself, in any order, is the same", () => {
  fc.assert(
    fc.property(schemaOf(), (schema) => {
      const turned = schema.toReversed().map((one) => ({ ...one, columns: one.columns.toReversed() }));
      expect(compareSchemas(schema, turned)).toEqual(nothing);
    }),
  );
});

test("adding tables, and columns that may be left out, breaks nothing", () => {
  fc.assert(
    fc.property(tables, fc.nat(), fc.boolean(), tableOf(fc.boolean()), (schema, at, nullable, table) => {
      const grown = changed(schema, at, (of) => [
        ...of,
        { column: "new", type: "int", nullable, hasDefault: !nullable },
      ]);
      const to = schema[at % schema.length]?.table ?? "";
      const change = compareSchemas(schema, [...grown, { ...table, table: "z" }]);
      expect(change).toEqual({ ...nothing, added: [`${to}.new`, "z"], tables: [to] });
    }),
  );
});

test("a column that has to be given breaks where a table was, and not in a new one", () => {
  const must: SchemaColumn = { column: "new", type: "int", nullable: false, hasDefault: false };
  fc.assert(
    fc.property(tables, fc.nat(), (schema, at) => {
      const to = schema[at % schema.length]?.table;
      const change = compareSchemas(
        schema,
        changed(schema, at, (of) => [...of, must]),
      );
      expect(change).toEqual({ ...nothing, breaking: [`new column ${to}.new must be given`], tables: [to] });
      expect(
        compareSchemas(schema, [...schema, { table: "z", view: false, columns: [must], rules: [] }]).breaking,
      ).toEqual([]);
    }),
  );
});

test("removing any table, view or column always breaks, and renaming is removing and adding", () => {
  fc.assert(
    fc.property(schemaOf(fc.boolean(), 1), fc.nat(), fc.nat(), (schema, at, which) => {
      const gone = schema[at % schema.length] as SchemaTable;
      const kind = gone.view ? "view" : "table";
      const without = compareSchemas(
        schema,
        schema.filter((one) => one !== gone),
      );
      expect(without).toEqual({ ...nothing, breaking: [`${kind} ${gone.table} is gone`] });
      const { column: left } = gone.columns[which % gone.columns.length] as SchemaColumn;
      const renamed = changed(schema, at, (of) =>
        of.map((one) => (one.column === left ? { ...one, column: "new", nullable: true } : one)),
      );
      expect(compareSchemas(schema, renamed)).toEqual({
        added: [`${gone.table}.new`],
        breaking: [`column ${gone.table}.${left} is gone`],
        changed: [],
        tables: [gone.table],
      });
    }),
  );
});

test("of a column that stays, it breaks exactly when a row could leave it out and can't any more; all else is told", () => {
  fc.assert(
    fc.property(column, column, (one, other) => {
      const as = (of: SchemaColumn, view = false): SchemaTable[] => [
        { table: "t", view, columns: [{ ...of, column: "x" }], rules: [] },
      ];
      const { breaking, changed: told } = compareSchemas(as(one), as(other));
      const optional = ({ nullable, hasDefault }: SchemaColumn) => nullable || hasDefault;
      expect(breaking).toEqual(optional(one) && !optional(other) ? ["column t.x must now be given"] : []);
      const same = one.type === other.type && one.nullable === other.nullable && one.hasDefault === other.hasDefault;
      expect(breaking.length + told.length === 0).toBe(same);
      expect(compareSchemas(as(one, true), as(other, true)).breaking).toEqual([]);
    }),
  );
});

test("a rule is told when it comes or goes, but not one that is about new columns only, which the old release leaves out", () => {
  const rule = fc
    .uniqueArray(name, { maxLength: 3 })
    .map((columns) => ({ rule: `rule of ${columns.join(", ")}`, columns }));
  const rules = fc.uniqueArray(rule, { selector: (one) => one.rule, maxLength: 4 });
  fc.assert(
    fc.property(rules, rules, fc.uniqueArray(column, { selector: (one) => one.column }), (left, right, known) => {
      const as = (of: SchemaRule[], columns: SchemaColumn[]): SchemaTable[] => [
        { table: "t", view: false, columns, rules: of },
      ];
      const added: SchemaColumn[] = ["a", "b", "c", "d", "e"]
        .filter((one) => known.every((of) => of.column !== one))
        .map((one) => ({ column: one, type: "int", nullable: true, hasDefault: false }));
      const change = compareSchemas(as(left, known), as(right, [...known, ...added]));
      const names = new Set(known.map((one) => one.column));
      const says = (of: SchemaRule[]) => of.map((one) => one.rule);
      const come = right.filter(
        (one) =>
          !says(left).includes(one.rule) && (one.columns.length === 0 || one.columns.some((of) => names.has(of))),
      );
      const gone = left.filter((one) => !says(right).includes(one.rule));
      expect(change.changed.toSorted()).toEqual(
        [
          ...says(come).map((one) => `t now has ${one}`),
          ...says(gone).map((one) => `t no longer has ${one}`),
        ].toSorted(),
      );
      expect(change.breaking).toEqual([]);
    }),
  );
});

test("not covered is what the old release knows, keeps rows and was not touched; what changed comes first", () => {
  const touches = fc.record({ rowsRead: fc.nat(2), rowsChanged: fc.nat(2) });
  const touched = fc.uniqueArray(fc.tuple(name, touches), { selector: ([table]) => table });
  fc.assert(
    fc.property(schemaOf(), schemaOf(), touched, (before, after, seen) => {
      const change = compareSchemas(before, after);
      const used = seen.map(([table, of]) => ({ table, ...of }));
      const found = uncovered(change, used, after);
      const names = new Set(used.map(({ table }) => table));
      const old = new Set(before.map(({ table }) => table));
      const known = after.filter(({ table, view }) => !view && old.has(table)).map(({ table }) => table);
      expect(new Set(found.untouched)).toEqual(new Set(known.filter((table) => !names.has(table))));
      expect(found.untouched.slice(0, found.changed.length)).toEqual(found.changed);
      expect(found.changed).toEqual(found.untouched.filter((table) => change.tables.includes(table)));
      for (const table of [...found.onlyRead, ...found.onlyWritten]) {
        expect(change.tables.includes(table) && names.has(table)).toBe(true);
      }
    }),
  );
});
