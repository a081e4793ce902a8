/** Columns of a table as mariadb-binlog prints them from the log itself, so that a later change of the schema can't mislead. */

export interface Column {
  name: string;
  /** As printed, such as `INT UNSIGNED NOT NULL`; null where the tool prints none that can be trusted. */
  type: string | null;
}

const TYPES =
  "BIT|TINYINT|SMALLINT|MEDIUMINT|INT|BIGINT|DECIMAL|FLOAT|DOUBLE|NULL|DATE|TIME|DATETIME|TIMESTAMP|YEAR|CHAR|VARCHAR|" +
  "BINARY|VARBINARY|TINYBLOB|BLOB|MEDIUMBLOB|LONGBLOB|TINYTEXT|TEXT|MEDIUMTEXT|LONGTEXT|ENUM|SET|JSON|GEOMETRY|POINT|" +
  "LINESTRING|POLYGON|MULTIPOINT|MULTILINESTRING|MULTIPOLYGON|GEOMCOLLECTION|GEOMETRYCOLLECTION|INVALID_TYPE";
const COLUMN = new RegExp(`^\`(.*?)\` ((?:${TYPES})\\b.*)$`);

/** Gives the columns of the lines between `# Columns(` and its closing bracket; these two are stripped already. */
export function parseColumns(text: string): Column[] {
  const columns: Column[] = [];
  for (const line of text.split("\n")) {
    const found = COLUMN.exec(line);
    if (!found) throw new TypeError("a column is printed in an unknown form");
    columns.push(...splitUnknown(found[1] as string, (found[2] as string).replace(/,$/, "")));
  }
  // After a compressed column the tool is a column off in everything but the names.
  const trusted = columns.every(({ type }) => !type?.startsWith("INVALID_TYPE"));
  return trusted ? columns : columns.map(({ name }) => ({ name, type: null }));
}

/** A type that the tool does not know is printed without the comma and the line break that should follow. */
function splitUnknown(name: string, type: string): Column[] {
  const unknown = /^(INVALID_TYPE\(\d+\))`(.*)$/.exec(type);
  if (!unknown) return [{ name, type }];
  const rest = COLUMN.exec(`\`${unknown[2]}`);
  if (!rest) throw new TypeError("a column is printed in an unknown form");
  return [{ name, type: unknown[1] as string }, ...splitUnknown(rest[1] as string, rest[2] as string)];
}

/** Names are printed bare and may hold commas and brackets themselves: known ones are taken, the longest first. */
export function parseKey(text: string, columns: readonly Column[]): string[] {
  const names = columns.map(({ name }) => name).sort((left, right) => right.length - left.length);
  const found: string[] = [];
  for (let rest = text; rest !== ""; ) {
    const name = names.find((one) => /^(\(\d+\))?(, |$)/.test(rest.startsWith(one) ? rest.slice(one.length) : "?"));
    if (name === undefined) throw new TypeError("a primary key is printed in an unknown form");
    found.push(name);
    rest = rest.slice(name.length).replace(/^(\(\d+\))?(, )?/, "");
  }
  return found;
}

/** The quoted words of an ENUM or SET, as the tool escapes them; null when it is neither. */
export function wordsOf(type: string | null): string[] | null {
  const list = type && /^(?:ENUM|SET)\((.*)\)(?: CHARSET|$| NOT NULL)/.exec(type)?.[1];
  if (list === null || list === undefined || list === "") return null;
  return [...list.matchAll(/'((?:[^'\\]|\\.)*)'/g)].map(([, word]) => (word as string).replace(/\\(.)/g, "$1"));
}
