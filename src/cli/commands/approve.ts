/** `changeover approve [upgrade] [gate]`: lets an upgrade pass its gate, bound to the plan that was shown. */
import { Problem } from "../../model/problem.ts";
import type { UpgradeView } from "../../view/upgrade-view.ts";
import { type AddCommand, JSON_OPTION, type JsonOption, whoAsks } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { findHome } from "../home.ts";
import { printJson } from "../output.ts";
import { theUpgrade } from "./watch.ts";

export const approve: AddCommand = (program) => {
  program
    .command("approve")
    .description("let an upgrade pass the gate at which it waits")
    .argument("[upgrade]", "the upgrade's id; the latest one when left out")
    .argument("[gate]", "the gate's name; the one it waits at when left out")
    .option("--deny", "take the way back instead")
    .option(...JSON_OPTION)
    .action(async (upgrade: string | undefined, gate: string | undefined, options: JsonOption & { deny?: boolean }) => {
      const client = await ensureControlPlane(findHome());
      const id = await theUpgrade(client, upgrade);
      const view = await client.get<UpgradeView>(`/upgrades/${id}`);
      const name = gate ?? view.gate?.name;
      if (!name) {
        throw new Problem("refused", {
          what: `upgrade "${id}" waits at no gate`,
          why: `it is ${view.state}`,
          next: `changeover watch ${id}`,
        });
      }
      const answer = options.deny ? "deny" : "approve";
      await client.send("POST", `/upgrades/${id}/gates/${name}`, { answer, by: whoAsks(), planHash: view.planHash });
      if (options.json) printJson({ upgrade: id, gate: name, answer });
      else
        console.log(
          `Gate "${name}" of ${id}: ${answer === "approve" ? "approved" : "denied"}. Next: changeover watch ${id}`,
        );
    });
};
