/** `changeover plan [environment] --to RELEASE`: shows what an upgrade would do, and what its way back costs at each stage. */
import type { PlanAnswer } from "../../api/contract.ts";
import { drawPlan } from "../../view/plan-text.ts";
import { type AddCommand, JSON_OPTION, type JsonOption } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { findHome } from "../home.ts";
import { printJson } from "../output.ts";
import { theEnvironment } from "./status.ts";

export const plan: AddCommand = (program) => {
  program
    .command("plan")
    .description("show the upgrade step by step without doing anything; refused when a guard does not hold")
    .argument("[environment]", "may be left out when there is only one")
    .requiredOption("--to <release>", "the release to upgrade to")
    .option("--fail-at <step>", "let this step fail, to rehearse the way back")
    .option(...JSON_OPTION)
    .action(async (environment: string | undefined, options: JsonOption & { to: string; failAt?: string }) => {
      const client = await ensureControlPlane(findHome());
      const name = await theEnvironment(client, environment);
      const answer = await client.send<PlanAnswer>("POST", `/environments/${name}/plans`, {
        to: options.to,
        failAt: options.failAt ?? null,
      });
      if (options.json) printJson(answer);
      else console.log(drawPlan(answer.plan, answer.hash).join("\n"));
    });
};
