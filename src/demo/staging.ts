/** `example staging`: a live environment, a backup of it, and a second environment that may only be launched once it shares nothing. */
import { request } from "node:http";
import { join } from "node:path";
import type { EnvironmentStatus, Started } from "../api/contract.ts";
import type { Client } from "../cli/client.ts";
import { whoAsks } from "../cli/command.ts";
import { makeClone } from "../cli/commands/clone.ts";
import { dataIn, startUp } from "../cli/commands/up.ts";
import { ensureControlPlane } from "../cli/control-plane-process.ts";
import { printJson, say } from "../cli/output.ts";
import { Problem } from "../model/problem.ts";
import type { Evidence } from "../model/step.ts";
import { endWell, stopwatch, type Telling } from "./telling.ts";
import { readBlue } from "../plan/blue.ts";
import type { BackupsView } from "../view/backups.ts";
import { drawClone } from "../view/clone.ts";
import type { UpgradeView } from "../view/upgrade-view.ts";

const [LIVE, STAGING, CREDENTIAL] = ["board-live", "board-staging", "mail"];
/** Of an example, and so in the open. */
const PASSWORD = "an-example-and-no-secret";
const ASK_MS = 10_000;

/** Gives the exit code. */
export async function tellStaging(telling: Telling): Promise<number> {
  const { home, json } = telling;
  const [timed, durations] = stopwatch();
  say(`Starting the control plane in ${home} …`);
  const client = await ensureControlPlane(home);
  const acts = actsOf(client, telling);
  await acts.credential(LIVE, PASSWORD);

  say(`Bringing "${LIVE}" up, with notices on its board …`);
  await timed("liveUpMs", async () => acts.ended(await acts.putFile()));
  for (const ref of ["before-1", "before-2"]) await acts.post(LIVE, ref);
  const held = await acts.refs(LIVE);
  say("Taking a backup and proving it …");
  const backup = await timed("backupMs", async () => proofIn(await acts.ended(await acts.backUp())));
  await acts.post(LIVE, "after-the-backup");
  const positionBefore = await acts.position(LIVE);

  say(`Cloning it as "${STAGING}" …`);
  const file = join(home, "staging.yaml");
  const first = await timed("cloneMs", () => makeClone(client, LIVE, STAGING, { set: [], file }));
  say(drawClone(first, `Wrote ${first.path}.`).join("\n"));
  await acts.credential(STAGING, PASSWORD);
  say(`Launching it as it is: it shares a password and a host name with "${LIVE}" …`);
  const refused = await timed("refusedMs", () => refusalOf(startUp(client, file, LIVE)));
  say(refused.map((line) => `✗ ${line}`).join("\n"));

  say("Deciding what was open …");
  const set = first.open.flatMap(({ at, key, suggestion }) => (at.includes(file) ? [`${key}=${suggestion}`] : []));
  await acts.credential(STAGING, "another-example-and-no-secret");
  const second = await makeClone(client, LIVE, STAGING, { set, file });
  say(`Launching it with the data of "${LIVE}" …`);
  const view = await timed("launchMs", async () => acts.ended(await startUp(client, file, LIVE)));
  const data = dataIn(view);

  await acts.post(STAGING, "only-in-staging");
  const [there, here] = [await acts.refs(LIVE), await acts.refs(STAGING)];
  const untouched = (await acts.position(LIVE)) === positionBefore;
  const own = (await client.get<BackupsView>(`/environments/${STAGING}/backups`)).backups;
  const equal = data !== null && data.rows === backup.rows && data.tables === backup.tables;
  const isolated = same(there, [...held, "after-the-backup"]) && same(here, [...held, "only-in-staging"]);
  const good = equal && isolated && untouched && refused.length > 0 && second.open.length === 0;
  const report = {
    example: "staging",
    outcome: good ? "isolated" : "not-isolated",
    ...{ live: LIVE, staging: STAGING, isolated },
    refused: { times: 1, why: refused },
    intersected: first.shared,
    derived: first.changes.map(({ key, from, to, how }) => ({ key, from: from ?? null, to: to ?? null, how })),
    lineage: { from: first.lineage.from, to: first.lineage.to },
    decided: [...set, `credential ${CREDENTIAL}: another value`],
    data: { ...data, backup: backup.backup, equal },
    notices: { held, live: there, staging: here },
    livePositionUnchanged: untouched,
    firstBackup: own.map(({ id, lineage, proven }) => ({ id, lineage, proven }))[0] ?? null,
    durations,
  };
  say(drawEnd(report.outcome, there, here, data));
  if (json) printJson(report);
  return good ? 0 : 1;
}

function drawEnd(outcome: string, there: string[], here: string[], data: Evidence | null): string {
  return [
    "",
    `${outcome === "isolated" ? "✓" : "✗"} ${outcome}`,
    `  data      ${data?.tables} tables, ${data?.rows} rows, each as it was written down when the backup was taken`,
    `  ${LIVE.padEnd(14)} ${there.join(", ")}`,
    `  ${STAGING.padEnd(14)} ${here.join(", ")}`,
  ].join("\n");
}

function actsOf(client: Client, { home, file, text, signal }: Telling) {
  const look = (name: string) => client.get<EnvironmentStatus>(`/environments/${name}`);
  const entrance = async (name: string) => {
    const [balancer] = (await look(name)).inventory.loadBalancers;
    return { host: balancer?.record.address ?? "", name: name === LIVE ? "board.test" : `${STAGING}.board.test` };
  };
  return {
    credential: (name: string, value: string) =>
      client.send("PUT", `/environments/${name}/credentials/${CREDENTIAL}`, { value }),
    putFile: () => client.send<Started>("PUT", "/environments", { text, path: file, by: whoAsks() }),
    backUp: () => client.send<Started>("POST", `/environments/${LIVE}/backups`, { by: whoAsks() }),
    ended: (started: Started) => endWell(client, { home, signal }, started),
    position: async (name: string) => readBlue((await look(name)).inventory).primary.position,
    async post(name: string, ref: string): Promise<void> {
      await ask(await entrance(name), "POST", "/notices", `ref=${ref}&author=Example&text=a+notice`);
    },
    async refs(name: string): Promise<string[]> {
      const notices = JSON.parse(await ask(await entrance(name), "GET", "/notices")) as { ref: string }[];
      return notices.map(({ ref }) => ref).sort();
    },
  };
}

const proofIn = (view: UpgradeView): Evidence =>
  view.stages.flatMap(({ steps }) => steps).find(({ name }) => name === "assert-backup")?.evidence ?? {};

async function refusalOf(launch: Promise<Started>): Promise<string[]> {
  try {
    await launch;
  } catch (error) {
    if (error instanceof Problem && error.kind === "refused") return error.text.why.split("; ");
    throw error;
  }
  return [];
}

const same = (one: string[], other: string[]): boolean => [...one].sort().join() === [...other].sort().join();

/** As a client of the board comes in: through a load balancer, under a public host name. */
function ask(at: { host: string; name: string }, method: string, path: string, body = ""): Promise<string> {
  const headers = { host: at.name, "content-type": "application/x-www-form-urlencoded", "content-length": body.length };
  return new Promise((resolve, reject) => {
    const asked = request({ host: at.host, port: 8080, method, path, headers, timeout: ASK_MS }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      answer.on("end", () =>
        answer.statusCode === 200 ? resolve(text) : reject(new Error(`${answer.statusCode}: ${text}`)),
      );
    });
    asked.on("timeout", () => asked.destroy(new Error(`no answer within ${ASK_MS} ms`)));
    asked.on("error", reject).end(body);
  });
}
