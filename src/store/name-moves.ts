/** What the journal knows of moved names that caches may still remember as they were. */
import type { Db } from "./store.ts";

export interface Remembered {
  name: string;
  /** Where it led, in words. */
  from: string;
  /** Milliseconds since 1970. */
  until: number;
  upgrade: string;
}

/** What lasts longest first. */
export async function rememberedNames(db: Db, environment: string, now: number): Promise<Remembered[]> {
  const { rows } = await db.query<{ name: string; from: string; until: Date; upgrade: string }>(
    `select j.evidence ->> 'name' as name, j.evidence ->> 'from' as from, j.upgrade,
       (j.evidence ->> 'cachesUntil')::timestamptz as until
     from changeover.journal j join changeover.upgrades u on u.id = j.upgrade
     where u.environment = $1 and j.step = 'move-name' and j.result = 'done'
       and (j.evidence ->> 'cachesUntil')::timestamptz > $2
     order by until desc`,
    [environment, new Date(now)],
  );
  return rows.map(({ until, ...row }) => ({ ...row, until: until.getTime() }));
}
