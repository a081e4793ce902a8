-- Customers and orders to begin with: 200 customers, 400 orders, 800 items, the same ones each time.
INSERT IGNORE INTO customers (id, name, email, since)
SELECT seq,
       CONCAT(ELT(1 + seq MOD 10, 'Ada', 'Ben', 'Cleo', 'Dora', 'Emil', 'Fay', 'Gus', 'Hana', 'Ivo', 'June'), ' ',
              ELT(1 + seq DIV 10 MOD 10, 'Ash', 'Birch', 'Cedar', 'Elm', 'Fir', 'Hazel', 'Linden', 'Maple', 'Oak', 'Pine')),
       CONCAT('customer', seq, '@example.test'),
       '2025-01-01' + INTERVAL seq HOUR
FROM seq_1_to_200;

INSERT IGNORE INTO orders (id, idempotency_key, customer_id, status, total, note, placed_at, packed_at, packed_by)
SELECT seq, CONCAT('seed-', seq), 1 + seq MOD 200, 'packed', 2 * (5 + seq MOD 40) + 19.90,
       IF(seq MOD 5 = 0, CONCAT('gift wrap, card no. ', seq), NULL),
       '2025-02-01' + INTERVAL seq MINUTE, '2025-02-02' + INTERVAL seq MINUTE, 'seed'
FROM seq_1_to_400;

INSERT IGNORE INTO order_items (id, order_id, sku, quantity, price)
SELECT 2 * seq - 1, seq, CONCAT('shade-', 1 + seq MOD 7), 2, 5 + seq MOD 40 FROM seq_1_to_400
UNION ALL
SELECT 2 * seq, seq, 'bulb-e27', 1, 19.90 FROM seq_1_to_400;
