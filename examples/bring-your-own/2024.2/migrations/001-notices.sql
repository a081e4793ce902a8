-- The first schema: a notice and the name of who wrote it, in one table.
CREATE TABLE notices (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  ref VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  author VARCHAR(80) NOT NULL,
  text TEXT NOT NULL,
  posted DATETIME(3) NOT NULL,
  UNIQUE KEY notices_ref (ref)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
INSERT INTO notices (ref, author, text, posted) VALUES
  ('first', 'The caretaker', 'The roof terrace opens on Monday.', '2024-01-08 09:00:00'),
  ('second', 'Flat 4', 'Bicycle pump to lend.', '2024-01-09 18:30:00');
