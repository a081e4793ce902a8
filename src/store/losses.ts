/** Table `losses`: what people were shown that a way back would lose, by the hash with which they accept it. */
import type { Loss } from "../model/loss.ts";
import type { Db } from "./store.ts";

export async function saveLoss(db: Db, upgrade: string, loss: Loss): Promise<void> {
  await db.query(
    "insert into changeover.losses (upgrade, hash, loss) values ($1, $2, $3) on conflict (upgrade, hash) do nothing",
    [upgrade, loss.hash, JSON.stringify(loss)],
  );
}

export async function findLoss(db: Db, upgrade: string, hash: string): Promise<Loss | null> {
  const { rows } = await db.query<{ loss: Loss }>(
    "select loss from changeover.losses where upgrade = $1 and hash = $2",
    [upgrade, hash],
  );
  return rows[0]?.loss ?? null;
}
