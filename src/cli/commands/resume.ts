/** `changeover resume [upgrade]`: goes on with an upgrade that is paused, or stuck on its way forward. */
import { type AddCommand, interruptible, JSON_OPTION, type JsonOption, whoAsks } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { follow } from "../follow.ts";
import { findHome } from "../home.ts";
import { exitOfState, printJson } from "../output.ts";
import { drawEnd, theUpgrade } from "./watch.ts";

export const resume: AddCommand = (program, ends) => {
  program
    .command("resume")
    .description("go on with an upgrade that is paused, or stuck after what stopped it was set right")
    .argument("[upgrade]", "the upgrade's id; the latest one when left out")
    .option(...JSON_OPTION)
    .action(async (upgrade: string | undefined, options: JsonOption) => {
      const home = findHome();
      const client = await ensureControlPlane(home);
      const id = await theUpgrade(client, upgrade);
      await client.send("POST", `/upgrades/${id}/resume`, { by: whoAsks() });
      const signal = interruptible();
      const view = await follow(client, { home, upgrade: id, signal, stopAtGate: false });
      ends(exitOfState(view.state, signal));
      if (options.json) printJson(view);
      else console.log(drawEnd(view));
    });
};
