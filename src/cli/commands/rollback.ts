/** `changeover rollback [upgrade]`: takes the way back of an upgrade in flight; after reopening only for its counted price. */
import type { UpgradeView } from "../../view/upgrade-view.ts";
import { type AddCommand, interruptible, JSON_OPTION, type JsonOption, whoAsks } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { follow } from "../follow.ts";
import { findHome } from "../home.ts";
import { EXIT, exitOfState, printJson, say } from "../output.ts";
import { drawEnd, theUpgrade } from "./watch.ts";

interface RollbackOptions extends JsonOption {
  reason: string;
  acceptLoss?: string;
}

export const rollback: AddCommand = (program, ends) => {
  program
    .command("rollback")
    .description("take the way back of an upgrade in flight; after reopening, first say what it would lose")
    .argument("[upgrade]", "the upgrade's id; the latest one when left out")
    .option("--reason <text>", "kept in the journal and the report", "asked for by a person")
    .option("--accept-loss <hash>", "lose what was counted and exported under this hash, and what came since")
    .option(...JSON_OPTION)
    .action(async (upgrade: string | undefined, options: RollbackOptions) => {
      const home = findHome();
      const client = await ensureControlPlane(home);
      const id = await theUpgrade(client, upgrade);
      const before = await client.get<UpgradeView>(`/upgrades/${id}`);
      const asked = { by: whoAsks(), reason: options.reason, acceptLoss: options.acceptLoss ?? null };
      await client.send("POST", `/upgrades/${id}/rollback`, asked);
      say(`Way back: ${before.wayBack}`);
      const signal = interruptible();
      const view = await follow(client, { home, upgrade: id, signal, stopAtGate: false });
      ends(view.state === "rolled-back" ? EXIT.done : exitOfState(view.state, signal));
      if (options.json) printJson(view);
      else console.log(drawEnd(view));
    });
};
