/** The notices in the schema of 2024.1: author and text stand in the notice itself. */
import { literal, sql } from "./client.mjs";

export const release = "2024.1";
const schema = 1;

/** The schema's version, and null when this release can't work on it. */
export async function look() {
  const [version] = await sql(
    `SELECT MAX(version) FROM schema_version; SELECT ref, author, text FROM notices LIMIT 1;`,
  );
  return Number(version) === schema ? schema : null;
}

export const latest = () =>
  sql(`SELECT JSON_OBJECT('ref', ref, 'author', author, 'text', text) FROM notices ORDER BY id DESC LIMIT 20;`);

/** The same ref is the same notice: posted again, it changes nothing. */
export const post = ({ ref, author, text }) =>
  sql(`INSERT INTO notices (ref, author, text, posted)
       VALUES (${literal(ref)}, ${literal(author)}, ${literal(text)}, UTC_TIMESTAMP(3))
       ON DUPLICATE KEY UPDATE ref = VALUES(ref);`);

export const withdraw = (ref) => sql(`DELETE FROM notices WHERE ref = ${literal(ref)};`);
