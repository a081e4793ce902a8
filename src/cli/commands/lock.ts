/** `changeover lock [environment] --reason TEXT` and `changeover unlock [environment]`: keep an environment as it is. */
import type { Lock } from "../../model/lock.ts";
import { type AddCommand, JSON_OPTION, type JsonOption, whoAsks } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { findHome } from "../home.ts";
import { printJson } from "../output.ts";
import { theEnvironment } from "./status.ts";

export const lock: AddCommand = (program) => {
  program
    .command("lock")
    .description("refuse upgrades, changes of its file and down on an environment until it is unlocked")
    .argument("[environment]", "may be left out when there is only one")
    .requiredOption("--reason <text>", "told to whoever is refused")
    .option(...JSON_OPTION)
    .action(async (environment: string | undefined, options: JsonOption & { reason: string }) => {
      const client = await ensureControlPlane(findHome());
      const name = await theEnvironment(client, environment);
      const body = { by: whoAsks(), reason: options.reason };
      const put = await client.send<Lock>("PUT", `/environments/${name}/lock`, body);
      if (options.json) printJson(put);
      else
        console.log(`Environment "${name}" is locked; an upgrade in flight goes on. Next: changeover unlock ${name}`);
    });
};

export const unlock: AddCommand = (program) => {
  program
    .command("unlock")
    .description("take away the lock of an environment")
    .argument("[environment]", "may be left out when there is only one")
    .option(...JSON_OPTION)
    .action(async (environment: string | undefined, options: JsonOption) => {
      const client = await ensureControlPlane(findHome());
      const name = await theEnvironment(client, environment);
      const was = await client.send<Lock>("DELETE", `/environments/${name}/lock`);
      if (options.json) printJson(was);
      else console.log(`Environment "${name}" is unlocked. ${was.by} had locked it: ${was.reason}`);
    });
};
