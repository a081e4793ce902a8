/** What a simulated database says of its tables: what they hold, what they are made of, which of them were used. */
import { createHash } from "node:crypto";
import type { TableSum } from "../../model/content.ts";
import type { Database } from "../../model/database.ts";
import { type Act, running } from "./database-changes.ts";
import type { DatabaseServer } from "./database-server.ts";
import { ROWS, tablesOf } from "./schema.ts";

const WATCH_MS = 3;
const hash = (text: string): string => createHash("sha256").update(text).digest("hex");

type OfTables = "bytes" | "checksums" | "schemaFingerprint" | "readSchema" | "watchTables" | "touchedTables";

export const tablesIn = (name: string, server: () => DatabaseServer, act: Act): Pick<Database, OfTables> => ({
  bytes: async () => running(server()).bytes,
  checksums: async () => sumsOf(running(server())),
  schemaFingerprint: async () => hash(running(server()).history.schema.join("\n")),
  readSchema: async () => tablesOf(running(server()).history.schema),
  watchTables: (begins) =>
    act(begins ? "watch the tables" : "stop watching the tables", WATCH_MS, (on) => {
      const { watch } = running(on);
      if (begins) watch.begin();
      else watch.end();
    }),
  touchedTables: async () => running(server()).watch.touched(name),
});

/** No tables before the first change of the schema, and the first one does not keep its sum when the schema changes. */
const sumsOf = ({ history }: DatabaseServer): TableSum[] =>
  tablesOf(history.schema).map(({ table, columns }) => {
    if (table !== ROWS) return { table, rows: 1, sum: hash(JSON.stringify(columns)) };
    const sum = hash([...history.schema, "", ...[...history.rows].sort()].join("\n"));
    return { table, rows: history.rows.length, sum };
  });
