/** What release 2 knows of the schema: first and last names, money in whole cents, notes in a table of their own. */

const columns = `o.id, o.idempotency_key AS \`key\`, c.first_name AS firstName, c.last_name AS lastName, c.email,
  o.status, o.total_cents AS totalCents, n.note, o.placed_at AS placedAt, o.shipped_at AS shippedAt`;
const tables = "orders o JOIN customers c ON c.id = o.customer_id LEFT JOIN order_notes n ON n.order_id = o.id";

/** Touches each column that this release lives on, so that a schema of another release is found out. */
export const health = (ask) =>
  ask(`SELECT ${columns}, n.written_at, o.packed_at, o.packed_by, i.sku, i.quantity, i.price_cents
       FROM ${tables} LEFT JOIN order_items i ON i.order_id = o.id LIMIT 1`);

export const recent = async (ask, limit = 20) =>
  (await ask(`SELECT ${columns} FROM ${tables} ORDER BY o.id DESC LIMIT ?`, [limit])).map(asOrder);

export async function byKey(ask, key) {
  const [row] = await ask(`SELECT ${columns} FROM ${tables} WHERE o.idempotency_key = ?`, [key]);
  return row ? asOrder(row) : null;
}

/** Clients of release 1 still find `customer` and `total`. */
const asOrder = (row) => ({
  ...row,
  customer: `${row.firstName} ${row.lastName}`.trim(),
  total: (row.totalCents / 100).toFixed(2),
});

/** Gives the order that has this key, whoever stored it; `created` says whether it was this call. */
export async function place(ask, { key, customer, email, note, items, cents }) {
  const known = await byKey(ask, key);
  if (known) return { order: known, created: false };
  const [firstName, ...rest] = customer.split(" ");
  const { insertId: customerId } = await ask(
    `INSERT INTO customers (first_name, last_name, email, since) VALUES (?, ?, ?, UTC_TIMESTAMP(3))
     ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id)`,
    [firstName, rest.join(" "), email],
  );
  const { insertId: orderId } = await ask(
    `INSERT INTO orders (idempotency_key, customer_id, status, total_cents, placed_at)
     VALUES (?, ?, 'new', ?, UTC_TIMESTAMP(3))`,
    [key, customerId, cents],
  );
  if (note !== null) {
    await ask("INSERT INTO order_notes (order_id, note, written_at) VALUES (?, ?, UTC_TIMESTAMP(3))", [orderId, note]);
  }
  const rows = items.map((item) => [orderId, item.sku, item.quantity, item.cents]);
  await ask("INSERT INTO order_items (order_id, sku, quantity, price_cents) VALUES ?", [rows]);
  return { order: await byKey(ask, key), created: true };
}

/** Takes an order back, and its customer when there is nothing else of them. */
export async function takeBack(ask, key) {
  const [order] = await ask("SELECT id, customer_id FROM orders WHERE idempotency_key = ? FOR UPDATE", [key]);
  if (!order) return false;
  await ask("DELETE FROM order_items WHERE order_id = ?", [order.id]);
  await ask("DELETE FROM order_notes WHERE order_id = ?", [order.id]);
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
