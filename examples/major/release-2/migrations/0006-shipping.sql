-- Orders can be shipped, and are looked up by the day they came in.
ALTER TABLE orders
  MODIFY COLUMN status ENUM('new', 'packed', 'shipped') NOT NULL DEFAULT 'new',
  ADD COLUMN shipped_at DATETIME(3) NULL AFTER packed_by,
  ADD KEY orders_placed (placed_at);
UPDATE orders SET status = 'shipped', shipped_at = packed_at + INTERVAL 1 DAY WHERE packed_by = 'seed';
