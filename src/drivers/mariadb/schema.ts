/** One hash over the schema of the application's database, the same on a primary and all its copies. */
import { createHash } from "node:crypto";
import { settingsOf, type Server } from "./server.ts";
import type { Row, Session } from "./wire.ts";

interface Facts {
  from: string;
  schemaColumn: string;
  columns: string[];
}

/** Left out on purpose: counters, sizes, times, definers, and whether an event is on (a replica turns it off). */
const facts: Facts[] = [
  {
    from: "TABLES",
    schemaColumn: "TABLE_SCHEMA",
    columns: ["TABLE_NAME", "TABLE_TYPE", "ENGINE", "ROW_FORMAT", "TABLE_COLLATION", "CREATE_OPTIONS"],
  },
  {
    from: "COLUMNS",
    schemaColumn: "TABLE_SCHEMA",
    columns: [
      ...["TABLE_NAME", "ORDINAL_POSITION", "COLUMN_NAME", "COLUMN_TYPE", "IS_NULLABLE", "COLUMN_DEFAULT"],
      ...["CHARACTER_SET_NAME", "COLLATION_NAME", "EXTRA", "IS_GENERATED", "GENERATION_EXPRESSION"],
    ],
  },
  {
    from: "STATISTICS",
    schemaColumn: "TABLE_SCHEMA",
    columns: [
      ...["TABLE_NAME", "INDEX_NAME", "SEQ_IN_INDEX", "COLUMN_NAME", "COLLATION", "SUB_PART", "NON_UNIQUE"],
      ...["INDEX_TYPE", "IGNORED"],
    ],
  },
  {
    from: "KEY_COLUMN_USAGE",
    schemaColumn: "TABLE_SCHEMA",
    columns: [
      ...["TABLE_NAME", "CONSTRAINT_NAME", "ORDINAL_POSITION", "COLUMN_NAME", "REFERENCED_TABLE_NAME"],
      "REFERENCED_COLUMN_NAME",
    ],
  },
  {
    from: "REFERENTIAL_CONSTRAINTS",
    schemaColumn: "CONSTRAINT_SCHEMA",
    columns: ["TABLE_NAME", "CONSTRAINT_NAME", "UPDATE_RULE", "DELETE_RULE", "UNIQUE_CONSTRAINT_NAME"],
  },
  {
    from: "CHECK_CONSTRAINTS",
    schemaColumn: "CONSTRAINT_SCHEMA",
    columns: ["TABLE_NAME", "CONSTRAINT_NAME", "CHECK_CLAUSE"],
  },
  {
    from: "TRIGGERS",
    schemaColumn: "TRIGGER_SCHEMA",
    columns: [
      ...["TRIGGER_NAME", "EVENT_OBJECT_TABLE", "EVENT_MANIPULATION", "ACTION_TIMING", "ACTION_ORDER"],
      ...["ACTION_STATEMENT", "SQL_MODE"],
    ],
  },
  {
    from: "VIEWS",
    schemaColumn: "TABLE_SCHEMA",
    columns: ["TABLE_NAME", "VIEW_DEFINITION", "CHECK_OPTION", "SECURITY_TYPE"],
  },
  {
    from: "ROUTINES",
    schemaColumn: "ROUTINE_SCHEMA",
    columns: ["ROUTINE_TYPE", "ROUTINE_NAME", "DTD_IDENTIFIER", "ROUTINE_DEFINITION", "SQL_MODE", "SECURITY_TYPE"],
  },
  {
    from: "EVENTS",
    schemaColumn: "EVENT_SCHEMA",
    columns: ["EVENT_NAME", "EVENT_DEFINITION", "EVENT_TYPE", "INTERVAL_VALUE", "INTERVAL_FIELD"],
  },
];

export async function schemaFingerprint(server: Server): Promise<string> {
  const { name } = await settingsOf(server);
  return server.session(async (session) => {
    const hash = createHash("sha256");
    for (const fact of facts) hash.update(`${fact.from}\n${rowsText(fact.columns, await look(session, fact, name))}\n`);
    return hash.digest("hex");
  });
}

const look = (session: Session, fact: Facts, name: string): Promise<Row[]> =>
  session.read({
    sql:
      `SELECT ${fact.columns.map((column) => `\`${column}\``).join(", ")} FROM information_schema.${fact.from}` +
      ` WHERE \`${fact.schemaColumn}\`=?`,
    values: [name],
    timeoutMs: 30_000,
  });

/**
 * Null and "NULL" must differ, and no value may run into the next one. Sorted as a whole: a key and a foreign key of one
 * name come in either order.
 */
export const rowsText = (columns: string[], rows: Row[]): string =>
  rows
    .map((row) => JSON.stringify(columns.map((column) => row[column] ?? null)))
    .sort()
    .join("\n");
