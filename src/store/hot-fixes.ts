/** Table `hot_fixes`: what people ran at a gate to mend the new release in place. */
import type { FixAccount, HotFix } from "../model/upgrade.ts";
import type { Db } from "./store.ts";

interface Row {
  upgrade: string;
  number: number;
  gate: string;
  script: string;
  account: FixAccount;
  asked_by: string;
  asked_at: Date;
}

const fromRow = ({ asked_by, asked_at, ...row }: Row): HotFix => ({
  ...row,
  askedBy: asked_by,
  askedAt: asked_at.getTime(),
});

/** Inside a transaction that holds the upgrade's row. Gives its number. */
export async function insertHotFix(db: Db, fix: Omit<HotFix, "number" | "askedAt">): Promise<number> {
  const { rows } = await db.query<{ number: number }>(
    `insert into changeover.hot_fixes (upgrade, number, gate, script, account, asked_by)
     select $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5 from changeover.hot_fixes where upgrade = $1
     returning number`,
    [fix.upgrade, fix.gate, fix.script, fix.account, fix.askedBy],
  );
  return Number(rows[0]?.number);
}

/** In the order in which they were asked for. */
export async function hotFixesOf(db: Db, upgrade: string): Promise<HotFix[]> {
  const { rows } = await db.query<Row>("select * from changeover.hot_fixes where upgrade = $1 order by number", [
    upgrade,
  ]);
  return rows.map(fromRow);
}
