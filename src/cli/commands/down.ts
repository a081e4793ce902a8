/** `changeover down [environment]`: retires every server; with no environment left, the control plane ends too. */
import type { Health } from "../../api/contract.ts";
import type { TakenDown } from "../../run/take-down.ts";
import type { Client } from "../client.ts";
import { type AddCommand, JSON_OPTION, type JsonOption } from "../command.ts";
import { ensureControlPlane, untilGone } from "../control-plane-process.ts";
import { findHome } from "../home.ts";
import { printJson, say } from "../output.ts";
import { theEnvironment } from "./status.ts";

export const down: AddCommand = (program) => {
  program
    .command("down")
    .description("take an environment down: its servers and their data are gone afterwards; backups too")
    .argument("[environment]", "may be left out when there is only one")
    .option("--all", "every environment, then the control plane and what it remembers")
    .option(...JSON_OPTION)
    .action(async (environment: string | undefined, options: JsonOption & { all?: boolean }) => {
      const home = findHome();
      const client = await ensureControlPlane(home);
      const { environments } = await client.get<Health>("/health");
      const names = options.all ? environments : [await theEnvironment(client, environment)];
      let retired = 0;
      const troubles: string[] = [];
      for (const name of names) {
        const taken = await client.send<TakenDown>("DELETE", `/environments/${name}`);
        retired += taken.retired;
        troubles.push(...taken.troubles);
      }
      for (const trouble of troubles) say(`! decommission: ${trouble}`);
      const left = environments.filter((name) => !names.includes(name));
      if (left.length === 0) await endControlPlane(client, home, options.all === true);
      if (options.json) printJson({ environments: names, retired, left, troubles });
      else
        console.log(`${names.length === 0 ? "Nothing was up" : `Retired ${retired} servers of ${names.join(", ")}`}.`);
    });
};

/** Also used by the demo. Its database goes with it; what the journal remembers stays unless `forget`. */
export async function endControlPlane(client: Client, home: string, forget: boolean): Promise<void> {
  await client.send("POST", "/shutdown", { forget });
  await untilGone(home);
}
