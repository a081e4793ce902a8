/** The notices in the schema of 2024.2: authors have a table of their own, and some notices are pinned. */
import { literal, sql } from "./client.mjs";

export const release = "2024.2";
const schema = 3;

/** The schema's version, and null when this release can't work on it. */
export async function look() {
  const [version] = await sql(`SELECT MAX(version) FROM schema_version;
    SELECT n.ref, n.body, n.pinned, a.name FROM notices n JOIN authors a ON a.id = n.author_id LIMIT 1;`);
  return Number(version) === schema ? schema : null;
}

export const latest = () =>
  sql(`SELECT JSON_OBJECT('ref', n.ref, 'author', a.name, 'text', n.body, 'pinned', n.pinned <> 0)
       FROM notices n JOIN authors a ON a.id = n.author_id ORDER BY n.pinned DESC, n.id DESC LIMIT 20;`);

/** The same ref is the same notice: posted again, it changes nothing. */
export const post = ({ ref, author, text }) =>
  sql(`START TRANSACTION;
       INSERT INTO authors (name) VALUES (${literal(author)}) ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id);
       INSERT INTO notices (ref, author_id, body, posted)
       VALUES (${literal(ref)}, LAST_INSERT_ID(), ${literal(text)}, UTC_TIMESTAMP(3))
       ON DUPLICATE KEY UPDATE ref = VALUES(ref);
       COMMIT;`);

export const withdraw = (ref) =>
  sql(`START TRANSACTION;
       SET @author = (SELECT author_id FROM notices WHERE ref = ${literal(ref)});
       DELETE FROM notices WHERE ref = ${literal(ref)};
       DELETE FROM authors WHERE id = @author AND NOT EXISTS (SELECT 1 FROM notices WHERE author_id = @author);
       COMMIT;`);
