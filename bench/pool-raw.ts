/** The least that putting servers into a pool can be: HAProxy's own commands on its runtime socket, many in one connection. */
import { createConnection as dial } from "node:net";
import { text } from "node:stream/consumers";
import { waitFor } from "../src/model/clock.ts";
import type { Endpoint } from "../src/model/load-balancer.ts";
import { SERVER_WORDS } from "../src/drivers/haproxy/config.ts";
import { systemClock } from "../src/run/clock.ts";

export type RawMember = Endpoint & { server: string };

/** Commands that fit into HAProxy's buffer together. */
const AT_ONCE = 20;
const CHECKED_MS = 10_000;
const EVERY_MS = 50;

/** Each is checked before it gets its first request, as the driver does it, too. */
export async function rawIn(socket: string, members: RawMember[]): Promise<void> {
  const each = (command: (name: string, at: string) => string) =>
    tellAll(
      socket,
      members.map(({ server, address, port }) => command(`web_a/${server}`, `${address}:${port}`)),
    );
  await each(
    (name, at) => `add server ${name} ${at} ${SERVER_WORDS};set server ${name} state drain;enable health ${name}`,
  );
  const names = new Set(members.map(({ server }) => server));
  const good = await waitFor(systemClock, { withinMs: CHECKED_MS, everyMs: EVERY_MS }, async () => {
    const rows = (await say(socket, "show stat web_a 4 -1")).split("\n");
    return rows.filter((row) => names.has(row.split(",")[1] ?? "") && row.includes("L7OK")).length === names.size;
  });
  if (!good) throw new Error(`not every server was checked within ${CHECKED_MS} ms`);
  await each((name) => `set server ${name} state ready`);
}

export async function rawOut(socket: string, members: RawMember[]): Promise<void> {
  await tellAll(
    socket,
    members.map(({ server }) => `set server web_a/${server} state maint;del server web_a/${server}`),
  );
}

async function tellAll(socket: string, commands: string[]): Promise<void> {
  for (let from = 0; from < commands.length; from += AT_ONCE) {
    const answer = await say(socket, commands.slice(from, from + AT_ONCE).join(";"));
    const bad = answer.split("\n").find((line) => line !== "" && !/registered|deleted/.test(line));
    if (bad !== undefined) throw new Error(bad);
  }
}

async function say(socket: string, command: string): Promise<string> {
  const stream = dial(socket);
  stream.setTimeout(5_000, () => stream.destroy(new Error(`no answer to "${command.slice(0, 80)}"`)));
  stream.end(`${command}\n`);
  return text(stream);
}
