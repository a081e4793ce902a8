/** `changeover rehearse [environment] --to RELEASE`: runs the plan on a clone first, and says what it will take. */
import { setTimeout as sleep } from "node:timers/promises";
import { Problem } from "../../model/problem.ts";
import type { RehearsalView } from "../../model/rehearsal.ts";
import { drawRehearsal, rehearsalEnded } from "../../view/rehearsal.ts";
import type { Client } from "../client.ts";
import { type AddCommand, interruptible, JSON_OPTION, type JsonOption, whoAsks } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { follow } from "../follow.ts";
import { findHome } from "../home.ts";
import { EXIT, printJson, say } from "../output.ts";
import { readStrategy, strategyOption } from "../purpose.ts";
import { theEnvironment } from "./status.ts";

interface RehearseOptions extends JsonOption {
  to?: string;
  strategy?: string;
  failAt?: string;
  cancel?: boolean;
}

const LOOK_EVERY_MS = 300;

export const rehearse: AddCommand = (program, ends) => {
  program
    .command("rehearse")
    .description("run an upgrade on a clone with a copy of the data, time it, and take the clone down again")
    .argument("[environment]", "may be left out when there is only one")
    .option("--to <release>", "the release to upgrade the clone to")
    .addOption(strategyOption())
    .option("--fail-at <step>", "let this step fail on the clone, to time the way back")
    .option("--cancel", "end the rehearsal in flight and take its clone down")
    .option(...JSON_OPTION)
    .action(async (environment: string | undefined, options: RehearseOptions) => {
      const home = findHome();
      const client = await ensureControlPlane(home);
      const name = await theEnvironment(client, environment);
      const id = options.cancel ? await cancel(client, name) : await begin(client, name, options);
      const signal = interruptible();
      const seen = await untilEnded(client, { home, id, signal });
      ends(exitOf(seen, options.cancel === true));
      if (options.json) printJson(seen);
      else console.log(drawRehearsal(seen).join("\n"));
    });
};

async function begin(client: Client, environment: string, { to, strategy, failAt }: RehearseOptions): Promise<string> {
  if (to === undefined) {
    throw new Problem("bad-input", {
      what: "nothing to rehearse",
      why: "--to <release> says which upgrade it is",
      next: `changeover rehearse ${environment} --to RELEASE`,
    });
  }
  const wish = { to, strategy: readStrategy(strategy), failAt: failAt ?? null, by: whoAsks() };
  return (await client.send<{ rehearsal: string }>("POST", `/environments/${environment}/rehearsals`, wish)).rehearsal;
}

async function cancel(client: Client, environment: string): Promise<string> {
  const latest = await client.get<RehearsalView | null>(`/environments/${environment}/rehearsal`);
  if (!latest || rehearsalEnded(latest)) {
    throw new Problem("refused", {
      what: `no rehearsal of "${environment}" is in flight`,
      why: latest ? `${latest.id} is ${latest.state}` : "none was started",
      next: `changeover rehearse ${environment} --to RELEASE`,
    });
  }
  await client.send("POST", `/rehearsals/${latest.id}/cancel`, { by: whoAsks() });
  return latest.id;
}

/** Follows each upgrade of the clone in turn; Ctrl-C only stops watching: the clone is taken down all the same. */
async function untilEnded(
  client: Client,
  { home, id, signal }: { home: string; id: string; signal: AbortSignal },
): Promise<RehearsalView> {
  const followed = new Set<string>();
  let told = "";
  for (;;) {
    const seen = await look(client, home, id);
    if (seen.state !== told) say(`${seen.id}: ${seen.state}`);
    told = seen.state;
    if (rehearsalEnded(seen) || signal.aborted) return seen;
    const upgrade = seen.upgrades.find((one) => !followed.has(one));
    if (upgrade !== undefined) {
      followed.add(upgrade);
      await follow(client, { home, upgrade, signal, stopAtGate: false });
    } else await sleep(LOOK_EVERY_MS);
  }
}

/** A control plane that went away is started again: the rehearsal goes on. */
async function look(client: Client, home: string, id: string): Promise<RehearsalView> {
  try {
    return await client.get<RehearsalView>(`/rehearsals/${id}`);
  } catch (error) {
    if (!(error instanceof Problem) || error.kind !== "unreachable") throw error;
    await ensureControlPlane(home);
    return client.get<RehearsalView>(`/rehearsals/${id}`);
  }
}

function exitOf(seen: RehearsalView, cancelled: boolean): number {
  if (!rehearsalEnded(seen)) return EXIT.interrupted;
  return seen.state === "rehearsed" || (cancelled && seen.cancelledBy !== null) ? EXIT.done : EXIT.failed;
}
