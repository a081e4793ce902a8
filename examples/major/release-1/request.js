/** What the shop accepts as an order; anything else is answered with 400 and the reason. */

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const bytesMax = 64 * 1024;

export async function readJson(request) {
  const parts = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    if (bytes > bytesMax) throw new Refused(413, "an order has at most 64 KiB");
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    throw new Refused(400, "the body is not JSON");
  }
}

/** The key comes from the Idempotency-Key header or from the body; the same key is the same order for ever. */
export function readOrder(body, header) {
  if (body === null || typeof body !== "object") throw new Refused(400, "the body must be an object");
  const order = {
    key: text(header ?? body.key, "key", 80),
    customer: text(body.customer, "customer", 120),
    email: text(body.email ?? `${body.customer}@example.test`.toLowerCase().replaceAll(" ", "."), "email", 190),
    note: body.note === undefined ? null : text(body.note, "note", 1000),
    items: readItems(body.items),
  };
  return { ...order, cents: order.items.reduce((sum, item) => sum + item.quantity * item.cents, 0) };
}

function readItems(items) {
  if (!Array.isArray(items) || items.length < 1 || items.length > 50) {
    throw new Refused(400, "items must be a list of 1 to 50");
  }
  return items.map((item) => {
    if (!Number.isInteger(item?.quantity) || item.quantity < 1 || item.quantity > 999) {
      throw new Refused(400, "quantity must be a whole number from 1 to 999");
    }
    if (!/^\d{1,5}(\.\d{1,2})?$/.test(String(item.price))) throw new Refused(400, 'price must look like "12.50"');
    return { sku: text(item.sku, "sku", 40), quantity: item.quantity, cents: Math.round(Number(item.price) * 100) };
  });
}

function text(value, name, lengthMax) {
  if (typeof value !== "string" || value.trim() === "" || value.length > lengthMax) {
    throw new Refused(400, `${name} must be a text of 1 to ${lengthMax} characters`);
  }
  return value.trim();
}
