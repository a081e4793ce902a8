/** `changeover lock|unlock [environment] [server]` and `changeover locks`: keep an environment or one of its servers as it is. */
import { type Lock, lockedThing, unlockCommand } from "../../model/lock.ts";
import { Problem } from "../../model/problem.ts";
import type { LocksView } from "../../run/lock-desk.ts";
import { drawLocks } from "../../view/locks.ts";
import { Option } from "commander";
import { type AddCommand, JSON_OPTION, type JsonOption, whoAsks } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { findHome } from "../home.ts";
import { printJson } from "../output.ts";
import { theEnvironment } from "./status.ts";

const ENVIRONMENT = ["[environment]", "may be left out when there is only one"] as const;
const SERVER = ["[server]", "only this server; the whole environment when left out"] as const;

export const lock: AddCommand = (program) => {
  program
    .command("lock")
    .description("refuse whatever would change an environment, or one of its servers, until it is unlocked")
    .argument(...ENVIRONMENT)
    .argument(...SERVER)
    .option("--why <text>", "told to whoever is refused")
    .addOption(new Option("--reason <text>", "the same as --why").hideHelp())
    .option(...JSON_OPTION)
    .action(
      async (
        environment: string | undefined,
        server: string | undefined,
        options: JsonOption & { why?: string; reason?: string },
      ) => {
        const reason = mustSayWhy(options.why ?? options.reason, "lock");
        const client = await ensureControlPlane(findHome());
        const name = await theEnvironment(client, environment);
        const put = await client.send<Lock>("PUT", pathOf(name, server), { by: whoAsks(), reason });
        if (options.json) return printJson(put);
        const goesOn = put.server === null ? "; a run in flight goes on" : "";
        console.log(`${capital(lockedThing(put))} is locked${goesOn}. Next: ${unlockCommand(put)}`);
      },
    );
};

export const unlock: AddCommand = (program) => {
  program
    .command("unlock")
    .description("take away the lock of an environment or of one of its servers")
    .argument(...ENVIRONMENT)
    .argument(...SERVER)
    .option("--all", "the environment's lock and those of all its servers")
    .option(...JSON_OPTION)
    .action(
      async (environment: string | undefined, server: string | undefined, options: JsonOption & { all?: boolean }) => {
        const client = await ensureControlPlane(findHome());
        const name = await theEnvironment(client, environment);
        const were = options.all
          ? await client.send<Lock[]>("DELETE", `/environments/${name}/locks`)
          : [await client.send<Lock>("DELETE", pathOf(name, server))];
        if (options.json) return printJson(options.all ? were : were[0]);
        if (were.length === 0) console.log(`Nothing of "${name}" was locked.`);
        for (const was of were)
          console.log(`${capital(lockedThing(was))} is unlocked. ${was.by} had locked it: ${was.reason}`);
      },
    );
};

export const locks: AddCommand = (program) => {
  program
    .command("locks")
    .description("show what is locked, by whom and why, and what is refused now")
    .argument(...ENVIRONMENT)
    .option(...JSON_OPTION)
    .action(async (environment: string | undefined, options: JsonOption) => {
      const client = await ensureControlPlane(findHome());
      const name = await theEnvironment(client, environment);
      const view = await client.get<LocksView>(`/environments/${name}/locks`);
      if (options.json) printJson(view);
      else console.log(drawLocks(view).join("\n"));
    });
};

export function mustSayWhy(text: string | undefined, command: string): string {
  if (text) return text;
  throw new Problem("bad-input", {
    what: "nobody will know what the lock is for",
    why: "there is no --why",
    next: `changeover ${command} … --why TEXT`,
  });
}

const pathOf = (environment: string, server: string | undefined): string =>
  `/environments/${environment}${server === undefined ? "" : `/servers/${encodeURIComponent(server)}`}/lock`;

const capital = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
