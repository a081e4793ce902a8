/** The least that a switch can be: the products' own statements and commands, over connections that are open already. */
import { readFileSync } from "node:fs";
import { createConnection as dial } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import mysql from "mysql2/promise";
import { pathsIn } from "../src/drivers/mariadb/paths.ts";
import { readBlue } from "../src/plan/blue.ts";
import type { Product } from "../test/product/product.ts";

/** Milliseconds for fence, sync, freeze, swap and reopen; nobody writes meanwhile, and all of it is put back. */
export async function rawSwitch(product: Product): Promise<number> {
  const blue = readBlue((await product.status("live")).inventory);
  const folder = (name: string): string => join(product.home, "servers", "live", name);
  const open = (name = "") =>
    mysql.createConnection({
      socketPath: pathsIn(folder(name)).socket,
      user: userInfo().username,
      connectTimeout: 5_000,
    });
  const [primary, replica] = [await open(blue.primary.record.name), await open(blue.replicas[0]?.record.name)];
  const sockets = blue.loadBalancers.map(({ record }) => runtimeSocket(folder(record.name)));
  try {
    const began = performance.now();
    await primary.query("SET GLOBAL read_only = ON");
    const [[row]] = (await primary.query("SELECT @@gtid_binlog_pos AS position")) as unknown as [
      [{ position: string }],
    ];
    await replica.query("SELECT MASTER_GTID_WAIT(?, 10)", [row.position]);
    await replica.query("STOP SLAVE");
    for (const command of [`set map maps/routes.map public ${blue.slot}`, "set map maps/maintenance.map public off"])
      await Promise.all(sockets.map((socket) => say(socket, command)));
    return performance.now() - began;
  } finally {
    await replica.query("START SLAVE");
    await primary.query("SET GLOBAL read_only = OFF");
    await Promise.all([primary.end(), replica.end()]);
  }
}

const runtimeSocket = (folder: string): string =>
  (JSON.parse(readFileSync(join(folder, "load-balancer", "desired.json"), "utf8")) as { socket: string }).socket;

async function say(socket: string, command: string): Promise<void> {
  const stream = dial(socket);
  stream.setTimeout(5_000, () => stream.destroy(new Error(`no answer to "${command}"`)));
  stream.end(`${command}\n`);
  const answer = (await text(stream)).trim();
  if (answer !== "") throw new Error(`"${command}": ${answer}`);
}
