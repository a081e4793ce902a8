/** `changeover pause [upgrade]`: no step begins until it is resumed; the one in flight ends. */
import { type AddCommand, JSON_OPTION, type JsonOption, whoAsks } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { findHome } from "../home.ts";
import { printJson } from "../output.ts";
import { theUpgrade } from "./watch.ts";

export const pause: AddCommand = (program) => {
  program
    .command("pause")
    .description("stop before the next step; changeover resume goes on")
    .argument("[upgrade]", "the upgrade's id; the latest one when left out")
    .option(...JSON_OPTION)
    .action(async (upgrade: string | undefined, options: JsonOption) => {
      const client = await ensureControlPlane(findHome());
      const id = await theUpgrade(client, upgrade);
      await client.send("POST", `/upgrades/${id}/pause`, { by: whoAsks() });
      if (options.json) printJson({ upgrade: id, paused: true });
      else console.log(`${id} pauses before its next step. Go on: changeover resume ${id}`);
    });
};
