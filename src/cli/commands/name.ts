/** `changeover name [list|show|check|move|remove]`: where the environment's names lead, and moving them elsewhere. */
import type { Command } from "commander";
import type { Started } from "../../api/contract.ts";
import type { Plan } from "../../model/plan.ts";
import { Problem } from "../../model/problem.ts";
import { drawName, drawNames, isGood, type NamesView } from "../../view/names.ts";
import { drawPlan } from "../../view/plan-text.ts";
import type { UpgradeView } from "../../view/upgrade-view.ts";
import type { Client } from "../client.ts";
import { type AddCommand, interruptible, JSON_OPTION, type JsonOption, whoAsks } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { follow } from "../follow.ts";
import { findHome } from "../home.ts";
import { EXIT, exitOfState, printJson, say } from "../output.ts";
import { theEnvironment } from "./status.ts";
import { drawEnd } from "./watch.ts";

type Ends = (code: number) => void;
const ONLY = "may be left out when there is only one";

export const name: AddCommand = (program, ends) => {
  const group = program
    .command("name")
    .description("see where the environment's names lead in the DNS, and move them to other servers")
    .showHelpAfterError("(see: changeover name --help)");
  addList(group);
  addShow(group);
  addCheck(group, ends);
  addMove(group, ends);
  addRemove(group, ends);
};

const read = (client: Client, environment: string, query = ""): Promise<NamesView> =>
  client.get<NamesView>(`/environments/${environment}/names${query}`);

function addList(group: Command): void {
  group
    .command("list", { isDefault: true })
    .description("every name: where it leads, its TTL, and what caches may still remember; asked of the authority")
    .argument("[environment]", ONLY)
    .option(...JSON_OPTION)
    .action(async (environment: string | undefined, options: JsonOption) => {
      const client = await ensureControlPlane(findHome());
      const view = await read(client, await theEnvironment(client, environment));
      if (options.json) printJson(view);
      else console.log(drawNames(view).join("\n"));
    });
}

function addShow(group: Command): void {
  group
    .command("show")
    .description("one name: where it leads, its TTL, and what caches may still remember")
    .argument("<environment>")
    .argument("<dns-name>", "as the environment file lists it")
    .option(...JSON_OPTION)
    .action(async (environment: string, wanted: string, options: JsonOption) => {
      const { names } = await read(await ensureControlPlane(findHome()), environment);
      const found = names.find((one) => one.name === wanted.toLowerCase());
      if (!found) throw noSuchName(environment, wanted, names);
      if (options.json) printJson(found);
      else console.log(drawName(found, wanted.length, environment).join("\n"));
    });
}

function addCheck(group: Command, ends: Ends): void {
  group
    .command("check")
    .description("prove that the names may be changed, without changing any, and that none has too long a TTL")
    .argument("[environment]", ONLY)
    .option(...JSON_OPTION)
    .action(async (environment: string | undefined, options: JsonOption) => {
      const client = await ensureControlPlane(findHome());
      const view = await read(client, await theEnvironment(client, environment), "?prove=yes");
      ends(isGood(view) ? EXIT.done : EXIT.refused);
      if (options.json) printJson({ ...view, good: isGood(view) });
      else console.log(drawNames(view).join("\n"));
    });
}

interface MoveOptions extends JsonOption {
  to?: string[];
  from?: string[];
  ttl?: number;
  wait: boolean;
  dryRun?: boolean;
}

function addMove(group: Command, ends: Ends): void {
  group
    .command("move")
    .description("let a name lead to other servers, then wait until caches have forgotten the old ones")
    .argument("<environment>")
    .argument("<dns-name>", "as the environment file lists it")
    .option("--to <server...>", "servers of the environment, or addresses; where it leads now when left out")
    .option("--from <server...>", "refuse when it leads elsewhere now")
    .option("--ttl <seconds>", "how long caches are to remember it from now on", readSeconds)
    .option("--no-wait", "end as soon as it is moved; the old servers have to stay in service all the same")
    .option("--dry-run", "only show the plan")
    .option(...JSON_OPTION)
    .action(async (environment: string, wanted: string, options: MoveOptions) => {
      const { to = null, from = null, ttl: ttlSeconds = null, wait } = options;
      if (to === null && ttlSeconds === null) throw nothingAsked(environment, wanted);
      await run({ environment, wanted, options, asked: { to, from, ttlSeconds, wait } }, ends);
    });
}

function addRemove(group: Command, ends: Ends): void {
  group
    .command("remove")
    .description("take a name for testers out of the DNS")
    .argument("<environment>")
    .argument("<dns-name>", "as the environment file lists it under names.test")
    .option("--dry-run", "only show the plan")
    .option(...JSON_OPTION)
    .action(async (environment: string, wanted: string, options: Omit<MoveOptions, "wait">) => {
      const asked = { to: [], from: null, ttlSeconds: null, wait: false };
      await run({ environment, wanted, options, asked }, ends);
    });
}

interface Asked {
  environment: string;
  wanted: string;
  options: Pick<MoveOptions, "dryRun" | "json">;
  asked: { to: string[] | null; from: string[] | null; ttlSeconds: number | null; wait: boolean };
}

async function run({ environment, wanted, options, asked }: Asked, ends: Ends): Promise<void> {
  const home = findHome();
  const client = await ensureControlPlane(home);
  const at = `/environments/${environment}/names/${encodeURIComponent(wanted)}`;
  if (options.dryRun) {
    const made = await client.send<{ hash: string; plan: Plan }>("POST", `${at}/plans`, asked);
    if (options.json) printJson(made);
    else console.log(drawPlan(made.plan, made.hash).join("\n"));
    return;
  }
  const { upgrade } = await client.send<Started>("POST", `${at}/moves`, { ...asked, by: whoAsks() });
  const signal = interruptible();
  const view = await follow(client, { home, upgrade: String(upgrade), signal, stopAtGate: false });
  ends(exitOfState(view.state, signal));
  tell(view, options.json === true);
}

function tell(view: UpgradeView, json: boolean): void {
  const steps = view.stages.flatMap((stage) => stage.steps);
  const moved = steps.find((step) => step.name === "move-name")?.evidence ?? null;
  if (json) printJson({ upgrade: view.id, state: view.state, reason: view.reason, problem: view.problem, ...moved });
  else if (view.state !== "upgraded" || !moved) say(drawEnd(view));
  else {
    const waited = steps.some((step) => step.name === "await-caches");
    const where = moved.to === "nowhere" ? "nowhere" : `to ${moved.to}`;
    console.log([`${moved.name} leads ${where} now.`, ...after(moved, waited)].join("\n"));
  }
}

/** Only who was led somewhere can be led there still. */
function after({ from, to, cachesSeconds, cachesUntil }: Record<string, unknown>, waited: boolean): string[] {
  if (cachesSeconds === 0) return [];
  if (from === "nowhere") return [`Who asked before may be told for ${cachesSeconds} s that there is no such name.`];
  if (from === to) return [`Caches may go on with the TTL before until ${cachesUntil}: move it elsewhere after that.`];
  if (waited) return [`Caches have forgotten ${from}: it was led to until ${cachesUntil}.`];
  return [
    `Caches may lead to ${from} until ${cachesUntil}, for ${cachesSeconds} s: it has to stay in service until then.`,
  ];
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (Number.isInteger(seconds) && seconds > 0 && seconds <= 86_400) return seconds;
  throw new Problem("bad-input", {
    what: `"${text}" is no TTL`,
    why: "it is a whole number of seconds, 86400 at most",
    next: "changeover name move --help",
  });
}

const nothingAsked = (environment: string, wanted: string): Problem =>
  new Problem("bad-input", {
    what: `nothing is to be done with ${wanted}`,
    why: "neither --to nor --ttl was given",
    next: `changeover name move ${environment} ${wanted} --to SERVER`,
  });

const noSuchName = (environment: string, wanted: string, names: { name: string }[]): Problem =>
  new Problem("not-found", {
    what: `environment "${environment}" has no name "${wanted}"`,
    why: `its file lists ${names.map((one) => one.name).join(", ")}`,
    next: `changeover name list ${environment}`,
  });
