/** What release 2.1 knows of the schema: a note may have an author, and 2.0 may have written one that has none. */
const columns = "n.note_key AS `key`, n.text, n.placed_at AS placedAt, a.name AS author";
const tables = "notes n LEFT JOIN authors a ON a.id = n.author_id";

/** Each column that this release lives on, so that a schema without one is found out. */
export const health = (ask) => ask(`SELECT ${columns}, n.indexed_at, n.indexed_by FROM ${tables} LIMIT 1`, [], 500);

export const recent = (ask) => ask(`SELECT ${columns} FROM ${tables} ORDER BY n.id DESC LIMIT 20`);

export const byKey = async (ask, key) => (await ask(`SELECT ${columns} FROM ${tables} WHERE n.note_key = ?`, [key]))[0];

/** The same key is the same note, however often it comes. */
export async function place(ask, { key, text, author }) {
  if (author) {
    await ask("INSERT INTO authors (name, since) VALUES (?, UTC_TIMESTAMP(3)) ON DUPLICATE KEY UPDATE id = id", [
      author,
    ]);
  }
  await ask(
    `INSERT INTO notes (note_key, text, author_id, placed_at)
     VALUES (?, ?, (SELECT id FROM authors WHERE name = ?), UTC_TIMESTAMP(3)) ON DUPLICATE KEY UPDATE id = notes.id`,
    [key, text, author ?? null],
  );
}

export const takeBack = (ask, key) => ask("DELETE FROM notes WHERE note_key = ?", [key]);

/** Pages that only this release has. */
export const pages = {
  async "GET /authors"({ ask }) {
    const authors = await ask(
      `SELECT a.name, COUNT(n.id) AS notes FROM authors a LEFT JOIN notes n ON n.author_id = a.id
       GROUP BY a.id ORDER BY a.id LIMIT 100`,
    );
    return { json: { authors } };
  },
};
