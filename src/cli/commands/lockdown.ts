/** `changeover lockdown [environment]`: is everything that serves committed and locked? Ends with 3 when it is not. */
import type { LockdownView } from "../../model/lockdown.ts";
import { drawLockdown } from "../../view/locks.ts";
import { type AddCommand, JSON_OPTION, type JsonOption, whoAsks } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { findHome } from "../home.ts";
import { EXIT, printJson } from "../output.ts";
import { mustSayWhy } from "./lock.ts";
import { theEnvironment } from "./status.ts";

export const lockdown: AddCommand = (program, ends) => {
  program
    .command("lockdown")
    .description("prove that everything that serves is committed and locked; ends with 3 when it is not")
    .argument("[environment]", "may be left out when there is only one")
    .option("--apply", "lock the environment and every server; what else is missing, a person must do")
    .option("--why <text>", "with --apply: told to whoever is refused")
    .option(...JSON_OPTION)
    .action(async (environment: string | undefined, options: JsonOption & { apply?: boolean; why?: string }) => {
      const client = await ensureControlPlane(findHome());
      const path = `/environments/${await theEnvironment(client, environment)}/lockdown`;
      const view = options.apply
        ? await client.send<LockdownView>("POST", path, { by: whoAsks(), reason: mustSayWhy(options.why, "lockdown") })
        : await client.get<LockdownView>(path);
      ends(view.lockedDown ? EXIT.done : EXIT.refused);
      if (options.json) printJson(view);
      else console.log(drawLockdown(view).join("\n"));
    });
};
