/** `changeover abort [upgrade]`: the step in flight ends, nothing more begins in either direction, a person decides. */
import { type AddCommand, interruptible, JSON_OPTION, type JsonOption, whoAsks } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { follow } from "../follow.ts";
import { findHome } from "../home.ts";
import { EXIT, exitOfState, printJson } from "../output.ts";
import { drawEnd, theUpgrade } from "./watch.ts";

export const abort: AddCommand = (program, ends) => {
  program
    .command("abort")
    .description("start nothing more and leave everything as it is, the page too; then resume or rollback")
    .argument("[upgrade]", "the upgrade's id; the latest one when left out")
    .option("--reason <text>", "kept in the journal and the report", "asked for by a person")
    .option(...JSON_OPTION)
    .action(async (upgrade: string | undefined, options: JsonOption & { reason: string }) => {
      const home = findHome();
      const client = await ensureControlPlane(home);
      const id = await theUpgrade(client, upgrade);
      await client.send("POST", `/upgrades/${id}/abort`, { by: whoAsks(), reason: options.reason });
      const signal = interruptible();
      const view = await follow(client, { home, upgrade: id, signal, stopAtGate: false });
      // Stuck is what was asked for; an upgrade that ended first could not be aborted any more.
      ends(view.state === "stuck" ? EXIT.done : exitOfState(view.state, signal));
      if (options.json) printJson(view);
      else console.log(drawEnd(view));
    });
};
