-- Notes move out of their orders into a table of their own; release 2 can't work before.
CREATE TABLE order_notes (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  order_id BIGINT NOT NULL,
  note TEXT NOT NULL,
  written_at DATETIME(3) NOT NULL,
  UNIQUE KEY notes_order (order_id),
  CONSTRAINT notes_order FOREIGN KEY (order_id) REFERENCES orders (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
INSERT INTO order_notes (order_id, note, written_at)
  SELECT id, note, placed_at FROM orders WHERE note IS NOT NULL;
ALTER TABLE orders DROP COLUMN note;
