/** `changeover watch [upgrade]`: follows an upgrade; Ctrl-C only stops watching. */
import { Problem } from "../../model/problem.ts";
import type { UpgradeView } from "../../view/upgrade-view.ts";
import type { Client } from "../client.ts";
import { type AddCommand, interruptible, JSON_OPTION, type JsonOption } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { follow } from "../follow.ts";
import { findHome } from "../home.ts";
import { exitOfState, printJson } from "../output.ts";
import { theEnvironment } from "./status.ts";

export const watch: AddCommand = (program, ends) => {
  program
    .command("watch")
    .description("follow an upgrade until it ends")
    .argument("[upgrade]", "the upgrade's id; the latest one when left out")
    .option(...JSON_OPTION)
    .action(async (upgrade: string | undefined, options: JsonOption) => {
      const home = findHome();
      const client = await ensureControlPlane(home);
      const id = await theUpgrade(client, upgrade);
      const signal = interruptible();
      const view = await follow(client, { home, upgrade: id, signal, stopAtGate: false });
      ends(exitOfState(view.state, signal));
      if (options.json) printJson(view);
      else console.log(drawEnd(view));
    });
};

/** The one that was named, or the latest of the only environment. */
export async function theUpgrade(client: Client, named: string | undefined): Promise<string> {
  if (named !== undefined) return named;
  const name = await theEnvironment(client, undefined);
  // Not by looking at the servers: the way back must be found also when one of them does not answer.
  const upgrade = await client.get<UpgradeView | null>(`/environments/${name}/upgrade`);
  if (upgrade) return upgrade.id;
  throw new Problem("not-found", {
    what: `environment "${name}" has had no upgrade`,
    why: "none was started",
    next: `changeover upgrade ${name} --to RELEASE`,
  });
}

/** How an upgrade stands when nobody follows it any more, and what to do next. */
export function drawEnd({ id, state, problem }: UpgradeView): string {
  if (state === "upgraded" || state === "rolled-back") return `${state}. Next: changeover report ${id}`;
  if (state !== "stuck") return `The upgrade goes on without this command. See it again: changeover watch ${id}`;
  return `Stuck: ${problem?.what} · ${problem?.why}\n  next: ${problem?.next}`;
}
