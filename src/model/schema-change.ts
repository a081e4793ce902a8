/** What a migration did to tables and columns, judged by what a release that knows nothing of it may still do; pure. */

export interface SchemaColumn {
  column: string;
  /** In the product's own words; columns of equal type are written alike. */
  type: string;
  nullable: boolean;
  /** A new row may leave it out, because the database fills it in. */
  hasDefault: boolean;
}

/** What may refuse a row, or do something with it besides: a key, a condition, a foreign key, a trigger. */
export interface SchemaRule {
  /** Spelt alike where it is the same, whatever it is called: "unique (email)". */
  rule: string;
  /** That it is about, where that is known; empty when it may be about any. */
  columns: string[];
}

export interface SchemaTable {
  table: string;
  /** It keeps no rows of its own. */
  view: boolean;
  columns: SchemaColumn[];
  rules: SchemaRule[];
}

/** What was done with a table while somebody watched; one that was only asked for what it does not hold is not told. */
export interface TouchedTable {
  table: string;
  rowsRead: number;
  rowsChanged: number;
}

export interface SchemaChange {
  /** New tables, and new columns of tables that were there: "notices", "orders.note". */
  added: string[];
  /** Sentences: what the old release may use is gone, or asks for what it does not give. */
  breaking: string[];
  /** Sentences: it may work and may not. */
  changed: string[];
  /** Those that were there before and still are, with other columns. */
  tables: string[];
}

/** What nobody can know of a migration from having watched these tables. */
export interface Uncovered {
  /** Not touched at all; those that the migration changed come first. */
  untouched: string[];
  /** Of those, the ones that the migration changed. */
  changed: string[];
  /** The migration changed them, and they were read and never written, or the other way round. */
  onlyRead: string[];
  onlyWritten: string[];
}

/**
 * Whether a new key, condition or trigger stands in the old release's way is for checks to find out: it is told as changed.
 * One about new columns only is not, as the old release leaves those out. In the order of names, whatever the order of
 * what it is given.
 */
export function compareSchemas(before: readonly SchemaTable[], after: readonly SchemaTable[]): SchemaChange {
  const change: SchemaChange = { added: [], breaking: [], changed: [], tables: [] };
  const [old, now] = [byName(before, tableName), byName(after, tableName)];
  for (const name of namesOf(old, now)) {
    const [left, right] = [old.get(name), now.get(name)];
    if (!left) change.added.push(name);
    else if (!right) change.breaking.push(`${kindOf(left)} ${name} is gone`);
    else if (compareColumns(left, right, change)) change.tables.push(name);
  }
  return change;
}

/** `tables` as they are after the migration; what it added, the old release can't know and nobody could have touched. */
export function uncovered(
  change: SchemaChange,
  touched: readonly TouchedTable[],
  tables: readonly SchemaTable[],
): Uncovered {
  const [added, altered] = [new Set(change.added), new Set(change.tables)];
  const seen = byName(touched, tableName);
  const known = tables.filter(({ table, view }) => !view && !added.has(table)).map(tableName);
  const untouched = known.filter((name) => !seen.has(name)).sort();
  const changed = untouched.filter((name) => altered.has(name));
  const half = known.filter((name) => altered.has(name) && seen.has(name)).sort();
  return {
    untouched: [...changed, ...untouched.filter((name) => !altered.has(name))],
    changed,
    onlyRead: half.filter((name) => seen.get(name)?.rowsChanged === 0),
    onlyWritten: half.filter((name) => seen.get(name)?.rowsRead === 0),
  };
}

/** True when anything differs. */
function compareColumns(left: SchemaTable, right: SchemaTable, { added, breaking, changed }: SchemaChange): boolean {
  const found = added.length + breaking.length + changed.length;
  if (left.view !== right.view) changed.push(`${kindOf(left)} ${left.table} is now a ${kindOf(right)}`);
  const [old, now] = [byName(left.columns, columnName), byName(right.columns, columnName)];
  for (const column of namesOf(old, now)) {
    const [one, other] = [old.get(column), now.get(column)];
    const name = `${left.table}.${column}`;
    if (!other) breaking.push(`column ${name} is gone`);
    else if (one) compareColumn(name, one, other, { view: right.view, breaking, changed });
    else if (isRequired(other) && !right.view) breaking.push(`new column ${name} must be given`);
    else added.push(name);
  }
  changed.push(...compareRules(left, right));
  return added.length + breaking.length + changed.length > found;
}

function compareRules(left: SchemaTable, right: SchemaTable): string[] {
  const known = new Set(left.columns.map(columnName));
  const [old, now] = [left, right].map(({ rules }) => new Set(rules.map(({ rule }) => rule))) as [
    Set<string>,
    Set<string>,
  ];
  const concerns = ({ columns }: SchemaRule) => columns.length === 0 || columns.some((one) => known.has(one));
  const news = right.rules.filter((one) => !old.has(one.rule) && concerns(one)).map(({ rule }) => rule);
  const gone = left.rules.filter(({ rule }) => !now.has(rule)).map(({ rule }) => rule);
  return [
    ...news.sort().map((rule) => `${left.table} now has ${rule}`),
    ...gone.sort().map((rule) => `${left.table} no longer has ${rule}`),
  ];
}

function compareColumn(
  name: string,
  before: SchemaColumn,
  after: SchemaColumn,
  { view, breaking, changed }: { view: boolean; breaking: string[]; changed: string[] },
): void {
  if (before.type !== after.type) changed.push(`type of ${name}: ${before.type} → ${after.type}`);
  // No row is put into what a view makes of others by what its columns leave out.
  if (!view && isRequired(after) && !isRequired(before)) return void breaking.push(`column ${name} must now be given`);
  if (before.nullable && !after.nullable) changed.push(`${name} takes no null any more`);
  if (!before.nullable && after.nullable) changed.push(`${name} may now be null`);
  if (before.hasDefault && !after.hasDefault) changed.push(`${name} has no default any more`);
  if (!before.hasDefault && after.hasDefault) changed.push(`${name} has a default now`);
}

const isRequired = ({ nullable, hasDefault }: SchemaColumn): boolean => !nullable && !hasDefault;

const kindOf = ({ view }: SchemaTable): string => (view ? "view" : "table");
const tableName = ({ table }: { table: string }): string => table;
const columnName = ({ column }: SchemaColumn): string => column;

const byName = <T>(items: readonly T[], nameOf: (item: T) => string): Map<string, T> =>
  new Map(items.map((item) => [nameOf(item), item]));

const namesOf = (one: Map<string, unknown>, other: Map<string, unknown>): string[] =>
  [...new Set([...one.keys(), ...other.keys()])].sort();
