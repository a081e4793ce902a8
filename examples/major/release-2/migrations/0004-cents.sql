-- Money becomes whole cents, in orders and in their items.
ALTER TABLE orders ADD COLUMN total_cents BIGINT NOT NULL DEFAULT 0 AFTER total;
UPDATE orders SET total_cents = ROUND(total * 100);
ALTER TABLE orders DROP COLUMN total;
ALTER TABLE order_items ADD COLUMN price_cents BIGINT NOT NULL DEFAULT 0 AFTER price;
UPDATE order_items SET price_cents = ROUND(price * 100);
ALTER TABLE order_items DROP COLUMN price;
