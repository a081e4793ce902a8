/** `changeover script list|run|force-operational`: scripts of server templates on the servers that run with them. */
import type { Command } from "commander";
import { Problem } from "../../model/problem.ts";
import type { LaunchValue } from "../../model/launch.ts";
import type { Started } from "../../api/contract.ts";
import type { Selection } from "../../plan/strategies/run-script.ts";
import type { ScriptRun } from "../../run/scripts.ts";
import { drawOutcome, drawScripts, type ScriptsView, scriptOutcome } from "../../view/scripts.ts";
import { type AddCommand, interruptible, JSON_OPTION, type JsonOption, whoAsks } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { follow } from "../follow.ts";
import { findHome } from "../home.ts";
import { EXIT, exitOfState, printJson } from "../output.ts";
import { theEnvironment } from "./status.ts";
import { tellUnfinished } from "./upgrade.ts";

type Ends = (code: number) => void;

export const script: AddCommand = (program, ends) => {
  const group = program
    .command("script")
    .description("scripts of server templates: which servers have which, and run one on some of them")
    .showHelpAfterError("(see: changeover script --help)");
  addList(group);
  addRun(group, ends);
  addForce(group, ends);
};

function addList(group: Command): void {
  group
    .command("list", { isDefault: true })
    .description("servers with a template, how each stands, and which scripts it has")
    .argument("[environment]", "may be left out when there is only one")
    .option(...JSON_OPTION)
    .action(async (environment: string | undefined, options: JsonOption) => {
      const client = await ensureControlPlane(findHome());
      const name = await theEnvironment(client, environment);
      const view = await client.get<ScriptsView>(`/environments/${encodeURIComponent(name)}/scripts`);
      if (options.json) printJson(view);
      else console.log(drawScripts(view).join("\n"));
    });
}

interface RunOptions extends JsonOption {
  on?: string[];
  all?: boolean;
  oldestThenRest?: boolean;
  ask?: boolean;
  input: Record<string, string>;
  credential: Record<string, string>;
  dryRun?: boolean;
}

function addRun(group: Command, ends: Ends): void {
  group
    .command("run")
    .description("run a script on servers, one after the other; it stops at the first failure")
    .argument("<environment>")
    .argument("<script>", "an operational script's name; a boot or decommission script by its path")
    .option("--on <server...>", "on these, in this order")
    .option("--all", "on every operational server whose template has it, the oldest first")
    .option("--oldest-then-rest", "on the oldest; when it went well there, on the others")
    .option("--ask", "with --oldest-then-rest: wait for a person before the others")
    .option("--input <name=value>", "for this run only; again for each", pairs, {})
    .option("--credential <name=credential>", "the value of a credential, for this run only; again for each", pairs, {})
    .option("--dry-run", "only say on which servers, and in which order")
    .option(...JSON_OPTION)
    .action(async (environment: string, name: string, options: RunOptions) => {
      const home = findHome();
      const client = await ensureControlPlane(home);
      const path = `/environments/${encodeURIComponent(environment)}/scripts/${encodeURIComponent(name)}`;
      const wish = { selection: selectionOf(options), given: givenBy(options) };
      if (options.dryRun) return tellPlanned(await client.send<ScriptRun>("POST", `${path}/plans`, wish), options);
      const asked = { ...wish, by: whoAsks(), yes: !options.ask };
      const run = await client.send<ScriptRun>("POST", `${path}/runs`, asked);
      const signal = interruptible();
      const upgrade = String(run.upgrade);
      const view = await follow(client, { home, upgrade, signal, stopAtGate: options.ask === true });
      if (view.state === "at-gate" || (view.state !== "upgraded" && view.state !== "rolled-back")) {
        tellUnfinished(view, options.json === true);
        return ends(exitOfState(view.state, signal));
      }
      const outcome = scriptOutcome(name, view, run);
      if (options.json) printJson(outcome);
      else console.log(drawOutcome(outcome).join("\n"));
      ends(view.state === "upgraded" ? EXIT.done : EXIT.failed);
    });
}

function tellPlanned({ servers, leftOut }: ScriptRun, { json }: JsonOption): void {
  if (json) printJson({ servers, leftOut });
  else console.log([...servers, ...leftOut.map(({ server, why }) => `· left out: ${server}: ${why}`)].join("\n"));
}

function selectionOf({ on, all = false, oldestThenRest = false, ask = false }: RunOptions): Selection {
  const ways = [on !== undefined, all, oldestThenRest].filter(Boolean).length;
  if (ways !== 1 || (ask && !oldestThenRest)) {
    throw new Problem("bad-input", {
      what: "it is not clear on which servers the script is to run",
      why: ways === 1 ? "--ask goes with --oldest-then-rest only" : "name one of --on, --all and --oldest-then-rest",
      next: "changeover script run --help",
    });
  }
  if (on) return { kind: "named", servers: on };
  return all ? { kind: "all" } : { kind: "oldest-then-rest", ask };
}

const givenBy = ({ input, credential }: RunOptions): Record<string, LaunchValue> => ({
  ...Object.fromEntries(Object.entries(input).map(([name, text]) => [name, { text }])),
  ...Object.fromEntries(Object.entries(credential).map(([name, of]) => [name, { credential: of }])),
});

function pairs(text: string, before: Record<string, string>): Record<string, string> {
  const at = text.indexOf("=");
  if (at > 0) return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
  throw new Problem("bad-input", {
    what: `"${text}" gives no value`,
    why: "it must be NAME=VALUE",
    next: "changeover script run --help",
  });
}

function addForce(group: Command, ends: Ends): void {
  group
    .command("force-operational")
    .description("say that a stranded server is operational, because you mended it by hand")
    .argument("<environment>")
    .argument("<server>")
    .option(...JSON_OPTION)
    .action(async (environment: string, server: string, options: JsonOption) => {
      const home = findHome();
      const client = await ensureControlPlane(home);
      const path = `/environments/${encodeURIComponent(environment)}/servers/${encodeURIComponent(server)}/operational`;
      const { upgrade } = await client.send<Started>("POST", path, { by: whoAsks() });
      const signal = interruptible();
      const view = await follow(client, { home, upgrade: String(upgrade), signal, stopAtGate: false });
      ends(view.state === "rolled-back" ? EXIT.failed : exitOfState(view.state, signal));
      if (options.json) printJson({ upgrade: view.id, state: view.state, reason: view.reason });
      else if (view.state === "upgraded") console.log(`"${server}" is operational, on your word.`);
      else tellUnfinished(view, false);
    });
}
