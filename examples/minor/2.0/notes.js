/** What release 2.0 knows of the schema: a note has a key, a text and a time. */
const columns = "note_key AS `key`, text, placed_at AS placedAt";

/** Each column that this release lives on, so that a schema without one is found out. */
export const health = (ask) => ask(`SELECT ${columns}, indexed_at, indexed_by FROM notes LIMIT 1`, [], 500);

export const recent = (ask) => ask(`SELECT ${columns} FROM notes ORDER BY id DESC LIMIT 20`);

export const byKey = async (ask, key) => (await ask(`SELECT ${columns} FROM notes WHERE note_key = ?`, [key]))[0];

/** The same key is the same note, however often it comes. */
export const place = (ask, { key, text }) =>
  ask(
    `INSERT INTO notes (note_key, text, placed_at) VALUES (?, ?, UTC_TIMESTAMP(3))
     ON DUPLICATE KEY UPDATE id = id`,
    [key, text],
  );

export const takeBack = (ask, key) => ask("DELETE FROM notes WHERE note_key = ?", [key]);

/** Pages that only this release has. */
export const pages = {};
