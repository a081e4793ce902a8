/** Reads the text of `mariadb-binlog -vv --print-table-metadata` line by line: row events and statements. Pure. */
import type { RowImage, WriteEvent } from "../../model/row-events.ts";
import { type Column, parseColumns, parseKey } from "./binlog-columns.ts";
import { readValue } from "./binlog-values.ts";

interface Table {
  columns: Column[];
  /** Null when the table has no primary key. */
  key: string[] | null;
}

interface OpenRow {
  database: string;
  table: string;
  event: "insert" | "update" | "delete";
  images: { before: RowImage | null; after: RowImage | null };
  filling: "before" | "after" | null;
}

const HEADER = /^#\d{6} +\d{1,2}:\d\d:\d\d server id \d+ {2}end_log_pos \d+ (?:CRC32 0x[0-9a-f]+ )?\t(.*)$/;
const MAP = /^Table_map: `(.*)`\.`(.*)` mapped to number \d+/;
const BEGIN = /^### (INSERT INTO|UPDATE|DELETE FROM) `(.*)`\.`(.*)`$/;
/** The value may hold anything but a line break, also what looks like its own end: the last end is the end. */
const VALUE = /^### {3}@(\d+)=(.*) \/\* (.*) meta=\d+ nullable=[01] is_null=[01] \*\/$/;
const EVENTS = { "INSERT INTO": "insert", UPDATE: "update", "DELETE FROM": "delete" } as const;
const CONTROL = /^(BEGIN|START TRANSACTION|COMMIT|ROLLBACK|SAVEPOINT|RELEASE SAVEPOINT|XA)\b/i;
const SETTING = /^(use `|SET |\/\*[!M])/;
const END = "/*!*/;";

/** What is printed in another shape than this release knows: never skipped, because a skipped event is one not counted. */
export class UnknownShape extends Error {}

/**
 * Lines are bytes read as latin1, without their line break. Only the given database is told of. A number of rows that
 * differs from the tool's own count is thrown.
 */
export class BinlogText {
  readonly #database: string;
  readonly #emit: (event: WriteEvent) => void;
  readonly #tables = new Map<string, Table>();
  #at = "";
  #row: OpenRow | null = null;
  #rows = 0;
  #inRows = false;
  #statement: string[] | null = null;
  #mapping: string | null = null;
  #columns: string[] | null = null;

  constructor(database: string, emit: (event: WriteEvent) => void) {
    this.#database = database;
    this.#emit = emit;
  }

  /** Position of the last transaction that was seen, "" before the first. */
  get at(): string {
    return this.#at;
  }

  push(line: string): void {
    if (this.#statement) this.#takeStatement(line);
    else if (this.#columns) this.#takeColumns(line);
    else if (line.startsWith("###")) this.#takeRow(line);
    else if (line.startsWith("#")) this.#takeComment(line);
  }

  /** Throws when the text ends in the middle of something. */
  end(): void {
    if (this.#statement || this.#columns || this.#inRows)
      throw new UnknownShape("the text ends in the middle of an event");
  }

  #takeComment(line: string): void {
    const header = HEADER.exec(line)?.[1];
    const key = /^# Primary Key\((.*)\)$/.exec(line)?.[1];
    const count = /^# Number of rows: (\d+)$/.exec(line)?.[1];
    if (header !== undefined) this.#takeHeader(header);
    else if (key !== undefined) this.#takeKey(key);
    else if (count !== undefined) this.#endRows(Number(count));
    else if (line.startsWith("# Columns(")) {
      this.#columns = [];
      this.#takeColumns(line);
    }
  }

  #takeHeader(header: string): void {
    const gtid = /^GTID (\d+-\d+-\d+)/.exec(header)?.[1];
    if (gtid !== undefined) this.#at = gtid;
    const map = MAP.exec(header);
    this.#mapping = map ? `${map[1]}.${map[2]}` : null;
    if (/^(Write|Update|Delete)\w*rows\w*: table id/.test(header)) this.#inRows = true;
    if (header.startsWith("Query\t")) this.#statement = [];
  }

  #takeColumns(line: string): void {
    const text = line.replace(/^# Columns\(/, "").replace(/^# {9}/, "");
    this.#columns?.push(text);
    // Every line but the last ends with a comma.
    if (!text.endsWith(")")) return;
    const columns = parseColumns(utf8((this.#columns ?? []).join("\n").slice(0, -1)));
    if (this.#mapping !== null) this.#tables.set(this.#mapping, { columns, key: null });
    this.#columns = null;
  }

  #takeKey(names: string): void {
    const table = this.#mapping === null ? undefined : this.#tables.get(this.#mapping);
    if (!table) throw new UnknownShape("a primary key stands before its table's columns");
    table.key = parseKey(utf8(names), table.columns);
  }

  #takeStatement(line: string): void {
    if (line !== END) {
      if (!(SETTING.test(line) && line.endsWith(END))) this.#statement?.push(line);
      return;
    }
    const statement = utf8((this.#statement ?? []).join("\n"));
    this.#statement = null;
    if (statement !== "" && !CONTROL.test(statement)) this.#emit({ event: "statement", statement, at: this.#at });
  }

  #takeRow(line: string): void {
    if (!this.#inRows) throw new UnknownShape("a row stands outside of a row event");
    const begin = BEGIN.exec(line);
    if (begin) {
      this.#closeRow();
      const event = EVENTS[begin[1] as keyof typeof EVENTS];
      const [database, table] = [begin[2] as string, begin[3] as string];
      this.#row = { database, table, event, images: { before: null, after: null }, filling: null };
    } else if (line === "### WHERE") this.#fill("before");
    else if (line === "### SET") this.#fill("after");
    else this.#takeValue(line);
  }

  #fill(which: "before" | "after"): void {
    if (!this.#row) throw new UnknownShape("an image stands before its row");
    this.#row.filling = which;
    this.#row.images[which] = {};
  }

  #takeValue(line: string): void {
    const row = this.#row;
    const found = VALUE.exec(line);
    const image = row?.filling && row.images[row.filling];
    if (!found || !row || !image) throw new UnknownShape("a value is printed in an unknown form");
    // Rows of other databases are only counted.
    if (row.database !== this.#database) return;
    const column = this.#tableOf(row).columns[Number(found[1]) - 1];
    if (!column) throw new UnknownShape("a row has more values than its table has columns");
    image[column.name] = readValue(found[2] as string, found[3] as string, column);
  }

  #closeRow(): void {
    const row = this.#row;
    this.#row = null;
    if (!row) return;
    this.#rows += 1;
    if (row.database !== this.#database) return;
    const { before, after } = row.images;
    const { key: columns, columns: all } = this.#tableOf(row);
    const images = [before, after].filter((image) => image !== null);
    if (images.length === 0 || images.some((image) => Object.keys(image).length !== all.length))
      throw new UnknownShape("a row lacks values: binlog-row-image is not FULL");
    const image = before ?? after ?? {};
    const key = columns && Object.fromEntries(columns.map((name) => [name, image[name] ?? null]));
    this.#emit({ event: row.event, table: unquoted(row.table), key, before, after, at: this.#at });
  }

  #endRows(count: number): void {
    this.#closeRow();
    if (this.#rows !== count) throw new UnknownShape(`${this.#rows} rows were read where the log has ${count}`);
    this.#rows = 0;
    this.#inRows = false;
  }

  #tableOf({ database, table }: OpenRow): Table {
    const found = this.#tables.get(`${database}.${table}`);
    if (found) return found;
    throw new UnknownShape("a table's columns are not in the log: binlog-row-metadata is not FULL");
  }
}

const utf8 = (text: string): string => Buffer.from(text, "latin1").toString("utf8");
const unquoted = (name: string): string => utf8(name.replaceAll("``", "`"));
