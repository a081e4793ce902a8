/** The shop's one HTML page: the orders that came in last. */

const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const asText = (value) => String(value ?? "").replace(/[&<>"]/g, (found) => escapes[found]);

export function page({ title, release, server, orders }) {
  const rows = orders.map(
    (order) => `<tr><td>${order.id}<td>${asText(order.customer)}<td>${asText(order.total)}<td>${order.status}`,
  );
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${asText(title)}</title>
<style>body{font:16px/1.5 system-ui;margin:3rem auto;max-width:40rem}table{width:100%;border-collapse:collapse}
td,th{text-align:left;padding:.2rem;border-bottom:1px solid #ddd}footer{color:#666;margin-top:2rem}</style>
<h1>${asText(title)}</h1>
<table><tr><th>Order<th>Customer<th>Total<th>Status
${rows.join("\n")}
</table>
<footer>Release ${asText(release)}, served by ${asText(server)}</footer>
</html>
`;
}
