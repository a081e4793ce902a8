/** `changeover credential set|list|remove`: values that the application's processes are given and nobody is shown. */
import type { Command } from "commander";
import type { CredentialSeen } from "../../run/credentials.ts";
import { type AddCommand, JSON_OPTION, type JsonOption } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { askHidden, readAll } from "../hidden-input.ts";
import { findHome } from "../home.ts";
import { printJson } from "../output.ts";
import { theEnvironment } from "./status.ts";

const pathOf = (environment: string, name: string): string =>
  `/environments/${encodeURIComponent(environment)}/credentials/${encodeURIComponent(name)}`;

export const credential: AddCommand = (program) => {
  const group = program
    .command("credential")
    .description("values that the application's processes are given and nobody is shown");
  addSet(group);
  addList(group);
  addRemove(group);
};

function addSet(group: Command): void {
  group
    .command("set")
    .description("set a credential; its value comes by standard input, or is asked for without being shown")
    .argument("<environment>", "it need not be up yet")
    .argument("<name>", "as { credential: NAME } in the environment file says it")
    .option(...JSON_OPTION)
    .action(async (environment: string, name: string, options: JsonOption) => {
      const value = process.stdin.isTTY ? await askHidden(`Value of ${name}: `) : await readAll(process.stdin);
      const client = await ensureControlPlane(findHome());
      const set = await client.send<{ replaced: boolean }>("PUT", pathOf(environment, name), { value });
      if (options.json) printJson(set);
      else if (set.replaced) console.log(`Replaced. What runs keeps the old value until it is started again.`);
      else console.log(`Set. The environment file names it as { credential: ${name} }.`);
    });
}

function addList(group: Command): void {
  group
    .command("list")
    .description("list an environment's credentials by name, and which releases use them")
    .argument("[environment]", "may be left out when there is only one")
    .option(...JSON_OPTION)
    .action(async (environment: string | undefined, options: JsonOption) => {
      const client = await ensureControlPlane(findHome());
      const name = await theEnvironment(client, environment);
      const seen = await client.get<CredentialSeen[]>(`/environments/${encodeURIComponent(name)}/credentials`);
      if (options.json) printJson({ environment: name, credentials: seen });
      else console.log(seen.length === 0 ? `"${name}" has no credentials.` : seen.map(draw).join("\n"));
    });
}

function addRemove(group: Command): void {
  group
    .command("remove")
    .description("remove a credential that nothing in the environment's file uses")
    .argument("<environment>")
    .argument("<name>")
    .option(...JSON_OPTION)
    .action(async (environment: string, name: string, options: JsonOption) => {
      const client = await ensureControlPlane(findHome());
      const removed = await client.send("DELETE", pathOf(environment, name));
      if (options.json) printJson(removed);
      else console.log(`Removed "${name}".`);
    });
}

const draw = ({ credential: name, set, usedBy, inputs }: CredentialSeen): string => {
  const releases = usedBy.length > 0 ? `used by ${usedBy.join(", ")}` : "used by nothing";
  const named = inputs.length > 0 ? `; named by ${inputs.join(", ")}` : "";
  return `${name.padEnd(24)} ${set ? "set    " : "MISSING"} ${releases}${named}`;
};
