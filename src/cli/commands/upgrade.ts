/** `changeover upgrade [environment] --to RELEASE`: plans, runs and reports an upgrade; Ctrl-C only stops watching. */
import type { PlanAnswer, Started } from "../../api/contract.ts";
import type { UpgradeStrategy } from "../../model/plan.ts";
import type { Report } from "../../model/report.ts";
import { drawGuards } from "../../view/guards-text.ts";
import { drawGate } from "../../view/ladder.ts";
import { drawReport } from "../../view/report-text.ts";
import type { UpgradeView } from "../../view/upgrade-view.ts";
import type { Client } from "../client.ts";
import { type AddCommand, interruptible, JSON_OPTION, type JsonOption, whoAsks } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { follow } from "../follow.ts";
import { findHome } from "../home.ts";
import { exitOfState, printJson, say } from "../output.ts";
import { startLedger } from "../ledger-process.ts";
import { askPurpose, collect, type PurposeOptions, strategyOption, TELL_OPTION, WHY_OPTION } from "../purpose.ts";
import { AT_OPTION, readTime } from "../time.ts";
import { theEnvironment } from "./status.ts";
import { drawEnd } from "./watch.ts";

interface UpgradeOptions extends JsonOption, PurposeOptions {
  to: string;
  plan?: string;
  yes?: boolean;
  ledger?: boolean;
  failAt?: string;
  at?: string;
}

export const upgrade: AddCommand = (program, ends) => {
  program
    .command("upgrade")
    .description("upgrade an environment to a release; what fails while the way back is free is taken back by itself")
    .argument("[environment]", "may be left out when there is only one")
    .requiredOption("--to <release>", "the release to upgrade to")
    .addOption(strategyOption())
    .option(...WHY_OPTION)
    .option(...TELL_OPTION, collect)
    .option("--plan <hash>", "run exactly this plan, refused when it no longer fits")
    .option("--yes", "answer the gates with yes")
    .option("--ledger", "behave as clients meanwhile and count lost and duplicated writes")
    .option("--fail-at <step>", "let this step fail, to rehearse the way back")
    .option(...AT_OPTION)
    .option(...JSON_OPTION)
    .action(async (environment: string | undefined, options: UpgradeOptions) => {
      const home = findHome();
      const client = await ensureControlPlane(home);
      const name = await theEnvironment(client, environment);
      const asks = options.json !== true && options.plan === undefined;
      const purpose = await askPurpose(options, asks && options.yes !== true);
      const signal = interruptible();
      const { view, report } = await runUpgrade(client, { home, environment: name, ...options, ...purpose, signal });
      ends(exitOfState(view.state, signal));
      if (report) options.json ? printJson(report) : console.log(drawReport(report).join("\n"));
      else tellUnfinished(view, options.json === true);
    });
};

export interface RunUpgrade extends Omit<UpgradeOptions, "strategy"> {
  /** Major when left out. */
  strategy?: UpgradeStrategy;
  home: string;
  environment: string;
  signal: AbortSignal;
}

/** The report is null when the upgrade has not ended: stuck, at a gate, or no longer watched. */
export async function runUpgrade(
  client: Client,
  run: RunUpgrade,
): Promise<{ view: UpgradeView; report: Report | null }> {
  const { environment, home, signal } = run;
  const planHash = run.plan ?? (await planAnew(client, run));
  const ledger = run.ledger ? await startLedger(client, { home, environment }) : null;
  try {
    const { upgrade: id } = await client.send<Started>("POST", `/environments/${environment}/upgrades`, {
      planHash,
      madeForIt: run.plan === undefined,
      yes: run.yes ?? false,
      by: whoAsks(),
      why: run.why ?? "",
      tell: run.tell ?? [],
    });
    const view = await follow(client, { home, upgrade: String(id), signal, stopAtGate: !run.yes && !run.ledger });
    const ended = view.state === "upgraded" || view.state === "rolled-back";
    // One that was not seen to the end would count too little.
    if (ledger && ended) await client.send("PUT", `/upgrades/${id}/ledger`, await ledger.finish());
    else if (ledger) say("The ledger's clients stop with this command: the report will not count writes.");
    return { view, report: ended ? await client.get<Report>(`/upgrades/${id}/report`) : null };
  } finally {
    await ledger?.stop();
  }
}

/** Gives the plan's hash; what warns is told, whoever asked for no plan before. */
async function planAnew(client: Client, { environment, to, strategy, failAt, at }: RunUpgrade): Promise<string> {
  const wish = { to, strategy, failAt: failAt ?? null, at: readTime(at) };
  const { hash, guards } = await client.send<PlanAnswer>("POST", `/environments/${environment}/plans`, wish);
  const warnings = guards.filter(({ result }) => result === "warns");
  for (const line of drawGuards(warnings)) say(line);
  return hash;
}

export function tellUnfinished(view: UpgradeView, json: boolean): void {
  if (json) printJson({ upgrade: view.id, state: view.state, gate: view.gate, problem: view.problem });
  else if (view.gate) console.log(drawGate(view.id, view.gate).join("\n"));
  else if (view.state === "stuck") console.log(drawEnd(view));
  else say(drawEnd(view));
}
