/** Table `votes`: who wants a scaling group to grow or to shrink. */
import type { Vote } from "../model/vote.ts";
import type { Db } from "./store.ts";

/** A second vote of the same voter takes the place of the first. */
export async function castVote(db: Db, { environment, group, voter, vote, at }: Vote): Promise<void> {
  await db.query(
    `insert into changeover.votes (environment, group_name, voter, vote, at) values ($1, $2, $3, $4, $5)
     on conflict (environment, group_name, voter) do update set vote = excluded.vote, at = excluded.at`,
    [environment, group, voter, vote, new Date(at)],
  );
}

export async function takeBackVote(db: Db, environment: string, group: string, voter: string): Promise<void> {
  await db.query("delete from changeover.votes where environment = $1 and group_name = $2 and voter = $3", [
    environment,
    group,
    voter,
  ]);
}

export async function votesFor(db: Db, environment: string, group: string): Promise<Vote[]> {
  const { rows } = await db.query<Omit<Vote, "at" | "group"> & { at: Date }>(
    "select environment, voter, vote, at from changeover.votes where environment = $1 and group_name = $2 order by voter",
    [environment, group],
  );
  return rows.map((row) => ({ ...row, group, at: row.at.getTime() }));
}
