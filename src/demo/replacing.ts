/** `example replace-failed-server`: a server is broken under live traffic, an alert sees it, and a clone takes its place. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Started } from "../api/contract.ts";
import type { Client } from "../cli/client.ts";
import { whoAsks } from "../cli/command.ts";
import { ensureControlPlane } from "../cli/control-plane-process.ts";
import { EXAMPLES } from "../cli/installation.ts";
import { startLedger } from "../cli/ledger-process.ts";
import { printJson, say } from "../cli/output.ts";
import { Problem } from "../model/problem.ts";
import { createLocalProvider } from "../providers/local/provider.ts";
import type { AlertsView } from "../view/alerts.ts";
import { drawServers, type ServersView } from "../view/servers.ts";
import { endWell, stopwatch, type Telling } from "./telling.ts";

const [ENVIRONMENT, BAD, ALERT] = ["live", "app-2", "sick"];
const AT = `/environments/${ENVIRONMENT}`;
const SEEN_MS = 30_000;
/** Clients before, and after. */
const QUIET_MS = 3_000;

/** Gives the exit code. */
export async function tellReplacing(telling: Telling): Promise<number> {
  const { home, file, text, json, servers } = telling;
  const [timed, durations] = stopwatch();
  say(`Starting the control plane in ${home} …`);
  const client = await ensureControlPlane(home);
  const ended = (started: Started) => endWell(client, telling, started);
  const of = { folder: join(EXAMPLES, "templates", "app") };
  await client.send("POST", "/templates/revisions", { of, message: "for the example", by: whoAsks(), moved: false });
  say("Bringing the environment up, each server with its boot scripts …");
  await timed("upMs", async () =>
    ended(await client.send<Started>("PUT", "/environments", { text, path: file, by: whoAsks() })),
  );
  const before = await look(client);
  const ledger = await startLedger(client, { home, environment: ENVIRONMENT });
  try {
    await sleep(QUIET_MS);
    say(`Breaking "${BAD}": its program is gone and its process killed …`);
    await breakServer(servers);
    await timed("alertMs", () => untilRaised(client));
    say(`The alert "${ALERT}" is raised. Putting a clone in its place …`);
    const view = await timed("replacedMs", async () =>
      ended(await client.send<Started>("POST", `${AT}/servers/${BAD}/replace`, { by: whoAsks() })),
    );
    await sleep(QUIET_MS);
    const [after, count] = [await look(client), await ledger.finish()];
    const known = new Set(before.servers.map(({ name }) => name));
    const fresh = after.servers.filter(({ name }) => !known.has(name));
    const kept = after.servers.find(({ name }) => name === BAD);
    const serving = (of: ServersView) => of.servers.filter(({ standing }) => standing === "serves").length;
    const good =
      kept?.standing === "kept" &&
      serving(after) === serving(before) &&
      fresh.every(({ standing, clonedFrom }) => standing === "serves" && clonedFrom === BAD) &&
      count.writes.lost + count.writes.duplicated === 0;
    const report = {
      example: "replace-failed-server",
      outcome: good ? "replaced" : "not-replaced",
      ...{ upgrade: view.id, failed: BAD, by: fresh.map(({ name }) => name), kept: kept?.note ?? null },
      ...{ serving: serving(after), requests: count.requests, writes: count.writes, writeGapMs: count.writeGapMs },
      durations,
    };
    say(["", ...drawServers(after), "", drawCount(report)].join("\n"));
    if (json) printJson(report);
    return good ? 0 : 1;
  } finally {
    await ledger.stop();
  }
}

const drawCount = ({ outcome, requests, writes }: Counted): string =>
  `${outcome}: ${requests.total} requests, ${requests.failed} failed; ${writes.acknowledged} writes, ${writes.lost} lost, ${writes.duplicated} duplicated`;

interface Counted {
  outcome: string;
  requests: { total: number; failed: number };
  writes: { acknowledged: number; lost: number; duplicated: number };
}

const look = (client: Client): Promise<ServersView> => client.get<ServersView>(`${AT}/servers`);

/** As a disk that lost files would: its supervisor starts it again and again, and nothing comes up. */
async function breakServer(directory: string): Promise<void> {
  const provider = createLocalProvider({ directory, token: () => 0 });
  const host = await provider.open(ENVIRONMENT, BAD);
  const { pid } = await host.serviceState("web");
  // Carries no token: whoever breaks something asks nobody.
  const done = await host.exec(`mv release/web.js release/web.js.gone && kill -9 ${pid}`, {
    timeoutMs: 10_000,
    reading: true,
  });
  await provider.close();
  if (done.code === 0) return;
  throw new Problem("step-failed", { what: `"${BAD}" can't be broken`, why: done.stderr, next: "try again" });
}

async function untilRaised(client: Client): Promise<void> {
  const deadline = Date.now() + SEEN_MS;
  while (Date.now() < deadline) {
    const { alerts } = await client.get<AlertsView>(`${AT}/alerts`);
    const targets = alerts.find(({ alert }) => alert === ALERT)?.targets ?? [];
    if (targets.some(({ target, state }) => target === BAD && state === "raised")) return;
    await sleep(200);
  }
  throw new Problem("timed-out", {
    what: `the alert "${ALERT}" was not raised`,
    why: `not within ${SEEN_MS / 1000} s`,
    next: `changeover alert show ${ENVIRONMENT} ${ALERT}`,
  });
}
