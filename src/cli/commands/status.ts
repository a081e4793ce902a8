/** `changeover status [environment]`: what is seen right now, server by server. */
import type { EnvironmentStatus, Health } from "../../api/contract.ts";
import { Problem } from "../../model/problem.ts";
import { drawStatus } from "../../view/status.ts";
import type { Client } from "../client.ts";
import { type AddCommand, JSON_OPTION, type JsonOption } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { findHome } from "../home.ts";
import { printJson } from "../output.ts";

export const status: AddCommand = (program) => {
  program
    .command("status")
    .description("show what serves, what runs and which upgrade is in flight, read from the world just now")
    .argument("[environment]", "may be left out when there is only one")
    .option(...JSON_OPTION)
    .action(async (environment: string | undefined, options: JsonOption) => {
      const client = await ensureControlPlane(findHome());
      const name = await theEnvironment(client, environment);
      const seen = await client.get<EnvironmentStatus>(`/environments/${name}`);
      if (options.json) printJson(seen);
      else console.log(drawStatus(seen).join("\n"));
    });
};

/** The one that was named, or the only one there is. */
export async function theEnvironment(client: Client, named: string | undefined): Promise<string> {
  if (named !== undefined) return named;
  const { environments } = await client.get<Health>("/health");
  if (environments.length === 1 && environments[0]) return environments[0];
  throw new Problem("bad-input", {
    what: environments.length === 0 ? "there is no environment" : "there are several environments",
    why: environments.length === 0 ? "none was brought up here" : environments.join(", "),
    next: environments.length === 0 ? "changeover up environment.yaml" : "name one of them",
  });
}
