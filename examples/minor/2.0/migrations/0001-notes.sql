-- Notes, each with a key of its own, and two hundred to begin with.
CREATE TABLE IF NOT EXISTS notes (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  note_key VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  text VARCHAR(1000) NOT NULL,
  placed_at DATETIME(3) NOT NULL,
  indexed_at DATETIME(3) NULL,
  indexed_by VARCHAR(80) NULL,
  UNIQUE KEY notes_key (note_key),
  KEY notes_indexed (indexed_at, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

INSERT IGNORE INTO notes (id, note_key, text, placed_at, indexed_at, indexed_by)
SELECT seq, CONCAT('seed-', seq), CONCAT('note no. ', seq), '2025-02-01' + INTERVAL seq MINUTE, '2025-02-02', 'seed'
FROM seq_1_to_200;
