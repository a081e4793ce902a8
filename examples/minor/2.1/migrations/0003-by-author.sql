-- Notes are looked up by their author.
ALTER TABLE notes ADD INDEX IF NOT EXISTS notes_author (author_id, id);
