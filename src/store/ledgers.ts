/** Table `ledgers`: what the ledger's clients saw during an upgrade. */
import type { LedgerSummary } from "../model/report.ts";
import type { Db } from "./store.ts";

export async function saveLedger(db: Db, upgrade: string, summary: LedgerSummary): Promise<void> {
  await db.query(
    `insert into changeover.ledgers (upgrade, summary) values ($1, $2)
     on conflict (upgrade) do update set summary = excluded.summary`,
    [upgrade, JSON.stringify(summary)],
  );
}

export async function findLedger(db: Db, upgrade: string): Promise<LedgerSummary | null> {
  const { rows } = await db.query<{ summary: LedgerSummary }>(
    "select summary from changeover.ledgers where upgrade = $1",
    [upgrade],
  );
  return rows[0]?.summary ?? null;
}
