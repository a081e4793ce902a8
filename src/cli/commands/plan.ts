/** `changeover plan [environment] --to RELEASE`: shows what an upgrade would do, and what its way back costs at each stage. */
import type { PlanAnswer } from "../../api/contract.ts";
import type { PlanStep } from "../../model/plan.ts";
import { Problem } from "../../model/problem.ts";
import type { ByHand } from "../../model/step.ts";
import { steps } from "../../steps/registry.ts";
import { drawDifferences } from "../../view/differences-text.ts";
import { drawGuards } from "../../view/guards-text.ts";
import { drawPlan } from "../../view/plan-text.ts";
import { drawRunbook } from "../../view/runbook.ts";
import { type AddCommand, JSON_OPTION, type JsonOption } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { findHome } from "../home.ts";
import { printJson } from "../output.ts";
import { readStrategy, strategyOption } from "../purpose.ts";
import { AT_OPTION, readTime } from "../time.ts";
import { theEnvironment } from "./status.ts";

interface PlanOptions extends JsonOption {
  to: string;
  strategy?: string;
  failAt?: string;
  at?: string;
  runbook?: boolean;
}

export const plan: AddCommand = (program) => {
  program
    .command("plan")
    .description("show the upgrade step by step without doing anything; refused when a guard does not hold")
    .argument("[environment]", "may be left out when there is only one")
    .requiredOption("--to <release>", "the release to upgrade to")
    .addOption(strategyOption())
    .option("--fail-at <step>", "let this step fail, to rehearse the way back")
    .option("--runbook", "as a document that a person could follow by hand (Markdown)")
    .option(...AT_OPTION)
    .option(...JSON_OPTION)
    .action(async (environment: string | undefined, options: PlanOptions) => {
      const client = await ensureControlPlane(findHome());
      const name = await theEnvironment(client, environment);
      const answer = await client.send<PlanAnswer>("POST", `/environments/${name}/plans`, {
        to: options.to,
        strategy: readStrategy(options.strategy),
        failAt: options.failAt ?? null,
        at: readTime(options.at),
      });
      if (options.json) printJson(answer);
      else if (options.runbook) process.stdout.write(drawRunbook({ ...answer, byHand }));
      else console.log(drawAnswer(answer).join("\n"));
    });
};

function byHand({ step, input, says }: PlanStep): ByHand {
  const definition = steps.get(step);
  if (definition) return definition.byHand(definition.input.parse(input));
  throw new Problem("bad-input", {
    what: `"${says}" can't be explained`,
    why: "the control plane is of another release than this command",
    next: "changeover down, or use the release that runs it",
  });
}

const drawAnswer = ({ plan: planned, hash, guards, differences, announcement, forecast }: PlanAnswer): string[] => [
  ...drawPlan(planned, hash, forecast),
  "",
  `Differences between release ${planned.from} and ${planned.to}`,
  ...drawDifferences(differences),
  "",
  "Guards",
  ...drawGuards(guards),
  ...(announcement === null ? [] : ["", "Announcement", ...announcement.split("\n").map((line) => `  ${line}`)]),
];
