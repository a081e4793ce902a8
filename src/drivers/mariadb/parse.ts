/** Reads what MariaDB and its tools print. */
import { normalisePosition } from "./position.ts";
import type { Row } from "./wire.ts";

export interface Replication {
  host: string;
  port: number;
  /** Both threads run and the primary accepted our position. */
  running: boolean;
  /** Both threads are off. */
  stopped: boolean;
  error: string | null;
  /** The error can't pass by waiting: other data, or a position that the primary does not know. */
  fatal: boolean;
}

/** A row of SHOW SLAVE STATUS; null when the server follows nobody. */
export function parseReplication(row: Row | undefined): Replication | null {
  if (!row?.Master_Host) return null;
  const [receiver, applier] = [row.Slave_IO_Running, row.Slave_SQL_Running];
  const errors = [row.Last_SQL_Error, row.Last_IO_Error].filter((text) => text !== null && text !== "" && text);
  const applierFailed = applier === "No" && (row.Last_SQL_Errno ?? "0") !== "0";
  const receiverFailed = receiver === "No" && (row.Last_IO_Errno ?? "0") !== "0";
  return {
    host: row.Master_Host,
    port: Number(row.Master_Port),
    // The receiver says "Yes" before the primary looked at our position; the name of a log comes only after that.
    running: receiver === "Yes" && applier === "Yes" && (row.Master_Log_File ?? "") !== "",
    stopped: receiver === "No" && applier === "No",
    error: errors.length > 0 ? errors.join("; ") : null,
    fatal: applierFailed || receiverFailed,
  };
}

/** The third field of the file that mariadb-backup leaves in a backup: its position. */
export function parseBinlogInfo(text: string): string {
  const fields = text.trim().split("\t");
  if (fields.length < 3) throw new TypeError(`no GTID position in xtrabackup_binlog_info: "${text.trim()}"`);
  return normalisePosition(fields.slice(2).join(","));
}

/** The last lines that say something, for a Problem. */
export function tail(text: string, lines = 8): string {
  const all = text.split("\n").map((line) => line.trim());
  return all
    .filter((line) => line !== "")
    .slice(-lines)
    .join(" | ")
    .slice(-2_000);
}
