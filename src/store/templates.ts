/** Tables `templates` and `template_revisions`: where each head lies, and what was committed of it, for good. */
import type { Manifest } from "../model/template/manifest.ts";
import type { Db, Store } from "./store.ts";

export interface TemplateRow {
  name: string;
  /** Absolute, on the control plane's machine. */
  folder: string;
  registeredBy: string;
  registeredAt: number;
}

export interface RevisionRow {
  template: string;
  number: number;
  hash: string;
  manifest: Manifest;
  message: string;
  by: string;
  at: number;
}

interface RawTemplate {
  name: string;
  folder: string;
  registered_by: string;
  registered_at: Date;
}

interface RawRevision {
  template: string;
  number: number;
  hash: string;
  manifest: Manifest;
  message: string;
  committed_by: string;
  committed_at: Date;
}

const asTemplate = ({ name, folder, registered_by, registered_at }: RawTemplate): TemplateRow => ({
  name,
  folder,
  registeredBy: registered_by,
  registeredAt: registered_at.getTime(),
});

const asRevision = ({ committed_by, committed_at, ...rest }: RawRevision): RevisionRow => ({
  ...rest,
  by: committed_by,
  at: committed_at.getTime(),
});

export async function listTemplates(db: Db): Promise<TemplateRow[]> {
  const { rows } = await db.query<RawTemplate>("select * from changeover.templates order by name");
  return rows.map(asTemplate);
}

export async function findTemplate(db: Db, name: string): Promise<TemplateRow | null> {
  const { rows } = await db.query<RawTemplate>("select * from changeover.templates where name = $1", [name]);
  return rows[0] ? asTemplate(rows[0]) : null;
}

/** Newest first. */
export async function revisionsOf(db: Db, template: string): Promise<RevisionRow[]> {
  const { rows } = await db.query<RawRevision>(
    "select * from changeover.template_revisions where template = $1 order by number desc",
    [template],
  );
  return rows.map(asRevision);
}

export async function findRevision(db: Db, template: string, number: number): Promise<RevisionRow | null> {
  const { rows } = await db.query<RawRevision>(
    "select * from changeover.template_revisions where template = $1 and number = $2",
    [template, number],
  );
  return rows[0] ? asRevision(rows[0]) : null;
}

export interface Commit {
  template: string;
  folder: string;
  hash: string;
  manifest: Manifest;
  message: string;
  by: string;
}

/** Content that was committed before is that revision; `made` says whether it is a new one. */
export function commitRevision(store: Store, commit: Commit): Promise<{ revision: RevisionRow; made: boolean }> {
  const { template, folder, hash, manifest, message, by } = commit;
  return store.transaction(async (db) => {
    // Also the lock: two who commit at once get two numbers.
    await db.query(
      `insert into changeover.templates (name, folder, registered_by) values ($1, $2, $3)
       on conflict (name) do update set folder = excluded.folder`,
      [template, folder, by],
    );
    const found = await db.query<RawRevision>(
      "select * from changeover.template_revisions where template = $1 and hash = $2",
      [template, hash],
    );
    if (found.rows[0]) return { revision: asRevision(found.rows[0]), made: false };
    const { rows } = await db.query<RawRevision>(
      `insert into changeover.template_revisions (template, number, hash, manifest, message, committed_by)
       select $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5 from changeover.template_revisions where template = $1
       returning *`,
      [template, hash, JSON.stringify(manifest), message, by],
    );
    return { revision: asRevision(rows[0] as RawRevision), made: true };
  });
}
