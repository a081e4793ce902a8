/** `changeover sessions [environment]`: who has open sessions; `changeover sessions cut [upgrade]`: do not wait for them. */
import type { Command } from "commander";
import type { EnvironmentStatus } from "../../api/contract.ts";
import { drawSessions, viewSessions } from "../../view/sessions.ts";
import { type AddCommand, JSON_OPTION, type JsonOption, whoAsks } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { findHome } from "../home.ts";
import { printJson } from "../output.ts";
import { theEnvironment } from "./status.ts";
import { theUpgrade } from "./watch.ts";

export const sessions: AddCommand = (program) => {
  const group = program
    .command("sessions")
    .description("show the open sessions of every server; stop waiting for them")
    .showHelpAfterError("(see: changeover sessions --help)");
  addList(group);
  addCut(group);
};

function addList(group: Command): void {
  group
    .command("list", { isDefault: true })
    .description("the open sessions of every server in a pool, websockets too, on each load balancer")
    .argument("[environment]", "may be left out when there is only one")
    .option(...JSON_OPTION)
    .action(async (environment: string | undefined, options: JsonOption) => {
      const client = await ensureControlPlane(findHome());
      const name = await theEnvironment(client, environment);
      const view = viewSessions((await client.get<EnvironmentStatus>(`/environments/${name}`)).inventory);
      if (options.json) printJson(view);
      else console.log(drawSessions(view).join("\n"));
    });
}

function addCut(group: Command): void {
  group
    .command("cut")
    .description("retire servers that wait for their sessions at once; those that are open are cut")
    .argument("[upgrade]", "the upgrade's id; the latest one when left out")
    .requiredOption("--why <text>", "kept in the report")
    .option(...JSON_OPTION)
    .action(async (upgrade: string | undefined, options: JsonOption & { why: string }) => {
      const client = await ensureControlPlane(findHome());
      const id = await theUpgrade(client, upgrade);
      await client.send("POST", `/upgrades/${id}/sessions/cut`, { by: whoAsks(), reason: options.why });
      if (options.json) printJson({ upgrade: id, cut: true });
      else console.log(`"${id}" waits for sessions no longer. Next: changeover watch ${id}`);
    });
}
