/** `changeover address [list|show|move]`: floating addresses, who holds them, and the move from one load balancer to another. */
import type { Command } from "commander";
import type { PlanAnswer, Started } from "../../api/contract.ts";
import { type AddressesView, type AddressView, drawAddress, drawAddresses } from "../../view/addresses.ts";
import { drawPlan } from "../../view/plan-text.ts";
import type { UpgradeView } from "../../view/upgrade-view.ts";
import { type AddCommand, interruptible, JSON_OPTION, type JsonOption, whoAsks } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { follow } from "../follow.ts";
import { findHome } from "../home.ts";
import { EXIT, exitOfState, printJson, say } from "../output.ts";
import { theEnvironment } from "./status.ts";
import { drawEnd } from "./watch.ts";

type Ends = (code: number) => void;
const ONLY = "may be left out when there is only one";

export const address: AddCommand = (program, ends) => {
  const group = program
    .command("address")
    .description("list floating addresses and who holds them, or move one to another load balancer")
    .showHelpAfterError("(see: changeover address --help)");
  group
    .command("list", { isDefault: true })
    .description("every floating address of the environment, who holds it and who answers")
    .argument("[environment]", ONLY)
    .option(...JSON_OPTION)
    .action(async (environment: string | undefined, options: JsonOption) => {
      const view = await get<AddressesView>(environment, "");
      if (options.json) printJson(view);
      else console.log(drawAddresses(view).join("\n"));
    });
  group
    .command("show")
    .description("one of them")
    .argument("<address>", "as the environment file calls it")
    .argument("[environment]", ONLY)
    .option(...JSON_OPTION)
    .action(async (name: string, environment: string | undefined, options: JsonOption) => {
      const view = await get<AddressView>(environment, `/${encodeURIComponent(name)}`);
      if (options.json) printJson(view);
      else console.log(drawAddress(view).join("\n"));
    });
  addMove(group, ends);
};

interface MoveOptions extends JsonOption {
  dryRun?: boolean;
}

function addMove(group: Command, ends: Ends): void {
  group
    .command("move")
    .description("hand it from the load balancer that holds it to another one; no request is lost")
    .argument("<address>", "as the environment file calls it")
    .argument("<server>", "the load balancer that is to hold it")
    .argument("[environment]", ONLY)
    .option("--dry-run", "only show the plan")
    .option(...JSON_OPTION)
    .action(async (name: string, to: string, environment: string | undefined, options: MoveOptions) => {
      const home = findHome();
      const client = await ensureControlPlane(home);
      const path = `/environments/${await theEnvironment(client, environment)}/addresses/${encodeURIComponent(name)}`;
      if (options.dryRun) {
        const { plan, hash } = await client.send<PlanAnswer>("POST", `${path}/plans`, { to });
        return options.json ? printJson({ plan, hash }) : console.log(drawPlan(plan, hash).join("\n"));
      }
      const { upgrade } = await client.send<Started>("POST", `${path}/moves`, { to, by: whoAsks() });
      const signal = interruptible();
      const view = await follow(client, { home, upgrade: String(upgrade), signal, stopAtGate: false });
      ends(tellMove(view, signal, { name, to, json: options.json === true }));
    });
}

async function get<T>(environment: string | undefined, path: string): Promise<T> {
  const client = await ensureControlPlane(findHome());
  return client.get<T>(`/environments/${await theEnvironment(client, environment)}/addresses${path}`);
}

/** Gives the exit code. */
function tellMove(view: UpgradeView, signal: AbortSignal, asked: { name: string; to: string; json: boolean }): number {
  const steps = view.stages.flatMap((stage) => stage.steps);
  const evidence = steps.find(({ name }) => name === "move-address")?.evidence ?? null;
  if (asked.json) {
    printJson({ upgrade: view.id, state: view.state, reason: view.reason, problem: view.problem, ...evidence });
  } else if (view.state === "upgraded" && evidence) {
    const { address: moved, before, answeredBy, askedFrom, proves } = evidence;
    const proof = proves ? `This proves ${proves}.` : `Asked from ${askedFrom}, ${answeredBy} answers.`;
    console.log(`${asked.name} (${moved}) is on ${asked.to} now; before, on ${before}. ${proof}`);
  } else if (view.state === "rolled-back") console.error(`✗ ${view.reason}\n  next: changeover address list`);
  else say(drawEnd(view));
  // It is not where it was wanted, unlike after an upgrade that took its way back.
  return view.state === "rolled-back" ? EXIT.failed : exitOfState(view.state, signal);
}
