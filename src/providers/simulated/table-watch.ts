/** Which tables of a simulated database were used since somebody began to watch. */
import { Problem } from "../../model/problem.ts";
import type { TouchedTable } from "../../model/schema-change.ts";

export class TableWatch {
  #touched: Map<string, TouchedTable> | null = null;

  begin(): void {
    this.#touched = new Map();
  }

  /** Also by a restart. */
  end(): void {
    this.#touched = null;
  }

  /** Who finds nothing leaves no trace, as on a real server. */
  count(table: string, { read = 0, changed = 0 }: { read?: number; changed?: number }): void {
    if (!this.#touched || read + changed === 0) return;
    const { rowsRead, rowsChanged } = this.#touched.get(table) ?? { rowsRead: 0, rowsChanged: 0 };
    this.#touched.set(table, { table, rowsRead: rowsRead + read, rowsChanged: rowsChanged + changed });
  }

  touched(server: string): TouchedTable[] {
    if (this.#touched) return [...this.#touched.values()].sort((one, other) => (one.table < other.table ? -1 : 1));
    throw new Problem("refused", {
      what: `nobody knows which tables of "${server}" were used`,
      why: "it was not told to count, or was restarted since",
      next: "try again from where the watching begins",
    });
  }
}
