/** What release 1 knows of the schema: a customer has one name, money is DECIMAL, a note sits in its order. */

const columns = `o.id, o.idempotency_key AS \`key\`, c.name AS customer, c.email, o.status,
  o.total, o.note, o.placed_at AS placedAt`;

/** Touches each column that this release lives on, so that a schema of another release is found out. */
export const health = (ask) =>
  ask(`SELECT ${columns}, o.packed_at, o.packed_by, i.sku, i.quantity, i.price
       FROM orders o JOIN customers c ON c.id = o.customer_id LEFT JOIN order_items i ON i.order_id = o.id LIMIT 1`);

export const recent = (ask, limit = 20) =>
  ask(`SELECT ${columns} FROM orders o JOIN customers c ON c.id = o.customer_id ORDER BY o.id DESC LIMIT ?`, [limit]);

export async function byKey(ask, key) {
  const from = "FROM orders o JOIN customers c ON c.id = o.customer_id";
  return (await ask(`SELECT ${columns} ${from} WHERE o.idempotency_key = ?`, [key]))[0] ?? null;
}

/** Gives the order that has this key, whoever stored it; `created` says whether it was this call. */
export async function place(ask, { key, customer, email, note, items, cents }) {
  const known = await byKey(ask, key);
  if (known) return { order: known, created: false };
  const { insertId: customerId } = await ask(
    `INSERT INTO customers (name, email, since) VALUES (?, ?, UTC_TIMESTAMP(3))
     ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id)`,
    [customer, email],
  );
  const { insertId: orderId } = await ask(
    `INSERT INTO orders (idempotency_key, customer_id, status, total, note, placed_at)
     VALUES (?, ?, 'new', ?, ?, UTC_TIMESTAMP(3))`,
    [key, customerId, money(cents), note],
  );
  const rows = items.map((item) => [orderId, item.sku, item.quantity, money(item.cents)]);
  await ask("INSERT INTO order_items (order_id, sku, quantity, price) VALUES ?", [rows]);
  return { order: await byKey(ask, key), created: true };
}

/** Takes an order back, and its customer when there is nothing else of them. */
export async function takeBack(ask, key) {
  const [order] = await ask("SELECT id, customer_id FROM orders WHERE idempotency_key = ? FOR UPDATE", [key]);
  if (!order) return false;
  await ask("DELETE FROM order_items WHERE order_id = ?", [order.id]);
  await ask("DELETE FROM orders WHERE id = ?", [order.id]);
  await ask("DELETE FROM customers WHERE id = ? AND NOT EXISTS (SELECT 1 FROM orders WHERE customer_id = ?)", [
    order.customer_id,
    order.customer_id,
  ]);
  return true;
}

/** Packs the oldest new orders; gives how many. */
export async function pack(ask, packer, limit = 50) {
  const waiting = await ask("SELECT id FROM orders WHERE status = 'new' ORDER BY id LIMIT ?", [limit]);
  if (waiting.length === 0) return 0;
  const { affectedRows } = await ask(
    "UPDATE orders SET status = 'packed', packed_at = UTC_TIMESTAMP(3), packed_by = ? WHERE status = 'new' AND id IN (?)",
    [packer, waiting.map((order) => order.id)],
  );
  return affectedRows;
}

const money = (cents) => `${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;
