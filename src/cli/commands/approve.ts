/** `changeover approve [upgrade] [gate]` and `deny`: answer a gate, bound to the plan that was shown. */
import { Problem } from "../../model/problem.ts";
import type { UpgradeView } from "../../view/upgrade-view.ts";
import type { Client } from "../client.ts";
import { type AddCommand, JSON_OPTION, type JsonOption, whoAsks } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { findHome } from "../home.ts";
import { printJson } from "../output.ts";
import { theUpgrade } from "./watch.ts";

type Answer = "approve" | "deny";

const answering =
  (name: Answer, description: string): AddCommand =>
  (program) => {
    program
      .command(name)
      .description(description)
      .argument("[upgrade]", "the upgrade's id; the latest one when left out")
      .argument("[gate]", "the gate's name; the one it waits at when left out")
      .option(...JSON_OPTION)
      .action(async (upgrade: string | undefined, gate: string | undefined, options: JsonOption) => {
        const client = await ensureControlPlane(findHome());
        const at = await theGate(client, upgrade, gate);
        const { id, planHash } = at.view;
        await client.send("POST", `/upgrades/${id}/gates/${at.gate}`, { answer: name, by: whoAsks(), planHash });
        if (options.json) printJson({ upgrade: id, gate: at.gate, answer: name });
        else
          console.log(
            `Gate "${at.gate}" of ${id}: ${name === "approve" ? "approved" : "denied"}. Next: changeover watch ${id}`,
          );
      });
  };

export const approve = answering("approve", "let an upgrade pass the gate at which it waits");
export const deny = answering("deny", "do not let an upgrade pass its gate: the way back is taken");

/** The gate that was named, or the one at which the upgrade waits. */
export async function theGate(
  client: Client,
  upgrade: string | undefined,
  gate: string | undefined,
): Promise<{ view: UpgradeView; gate: string }> {
  const id = await theUpgrade(client, upgrade);
  const view = await client.get<UpgradeView>(`/upgrades/${id}`);
  const name = gate ?? view.gate?.name;
  if (name) return { view, gate: name };
  throw new Problem("refused", {
    what: `upgrade "${id}" waits at no gate`,
    why: `it is ${view.state}`,
    next: `changeover watch ${id}`,
  });
}
