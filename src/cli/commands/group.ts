/** `changeover group [list|show|enable|disable|launch|terminate|set|vote|delete]`: the scaling group of an environment. */
import { Argument, type Command, InvalidArgumentError } from "commander";
import type { Started } from "../../api/contract.ts";
import { drawGroup, drawGroupSummary, drawState, type GroupView } from "../../view/groups.ts";
import { type AddCommand, interruptible, JSON_OPTION, type JsonOption, whoAsks } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { follow } from "../follow.ts";
import { findHome } from "../home.ts";
import { EXIT, exitOfState, printJson, say } from "../output.ts";
import { theEnvironment } from "./status.ts";
import { drawEnd } from "./watch.ts";

type Ends = (code: number) => void;
const ONLY = "may be left out when there is only one";
const GROUP = ["<group>", "its name in the environment file"] as const;
const ENVIRONMENT = ["[environment]", ONLY] as const;

export const group: AddCommand = (program, ends) => {
  const words = program
    .command("group")
    .description("scaling groups: see them and what they would do next; enable, disable, launch, terminate, vote")
    .showHelpAfterError("(see: changeover group --help)");
  addList(words);
  addShow(words);
  addEnable(words);
  addDisable(words);
  addLaunch(words, ends);
  addTerminate(words, ends);
  addSet(words);
  addVote(words);
  addDelete(words);
};

const about = (words: Command, name: string, says: string): Command =>
  words
    .command(name)
    .description(says)
    .argument(...GROUP)
    .argument(...ENVIRONMENT)
    .option(...JSON_OPTION);

function addList(words: Command): void {
  words
    .command("list", { isDefault: true })
    .description("the scaling group of an environment, its size, and what it would do next")
    .argument(...ENVIRONMENT)
    .option(...JSON_OPTION)
    .action(async (environment: string | undefined, options: JsonOption) => {
      const client = await ensureControlPlane(findHome());
      const name = await theEnvironment(client, environment);
      const views = await client.get<GroupView[]>(`/environments/${name}/groups`);
      if (options.json) printJson(views);
      else
        console.log(views.map(drawGroupSummary).join("\n") || `${name} has no scaling group (docs/operate/groups.md)`);
    });
}

function addShow(words: Command): void {
  about(words, "show", "its servers, bounds, votes and failures, and what it would do next and why").action(
    async (named: string, environment: string | undefined, options: JsonOption) => {
      tell(await call("GET", { named, environment, below: "" }), options, (view) => drawGroup(view).join("\n"));
    },
  );
}

const isNow = ({ group: name, ...view }: GroupView): string =>
  `Group "${name}" is ${drawState(view)}. Next: changeover group show ${name}`;

function addEnable(words: Command): void {
  about(words, "enable", "let it launch and terminate servers by itself; failures are counted anew").action(
    async (named: string, environment: string | undefined, options: JsonOption) => {
      const body = { by: whoAsks() };
      tell(await call("POST", { named, environment, below: "/enable", body }), options, isNow);
    },
  );
}

function addDisable(words: Command): void {
  about(words, "disable", "let it do nothing by itself; its servers stay, and you may launch and terminate them")
    .option("--reason <text>", "shown to whoever looks", "")
    .action(async (named: string, environment: string | undefined, options: JsonOption & { reason: string }) => {
      const body = { by: whoAsks(), reason: options.reason };
      tell(await call("POST", { named, environment, below: "/disable", body }), options, isNow);
    });
}

function addLaunch(words: Command, ends: Ends): void {
  about(words, "launch", "launch a server like those that serve; the public reaches it when every check holds")
    .option("--count <number>", "how many at once", count, 1)
    .action(async (named: string, environment: string | undefined, options: JsonOption & { count: number }) => {
      const body = { servers: options.count, by: whoAsks() };
      ends(await run({ named, environment, below: "/launches", body }, options, "launched"));
    });
}

interface TerminateOptions extends JsonOption {
  count: number;
  server?: string[];
}

function addTerminate(words: Command, ends: Ends): void {
  about(words, "terminate", "drain servers of it and retire them, the oldest first; of a disabled one they stay gone")
    .option("--count <number>", "how many at once", count, 1)
    .option("--server <name...>", "these, whatever their age")
    .action(async (named: string, environment: string | undefined, options: TerminateOptions) => {
      const body = { servers: options.server ?? options.count, by: whoAsks() };
      ends(await run({ named, environment, below: "/terminations", body }, options, "terminated"));
    });
}

interface SetOptions extends JsonOption {
  min?: number;
  max?: number;
  reset?: boolean;
}

function addSet(words: Command): void {
  about(words, "set", "other bounds in the place of the file's and the schedule's, until they are reset")
    .option("--min <number>", "at least so many", bound)
    .option("--max <number>", "at most so many", bound)
    .option("--reset", "go back to the file's and the schedule's")
    .action(async (named: string, environment: string | undefined, { min, max, reset, ...options }: SetOptions) => {
      const none = reset ? null : undefined;
      const body = { min: min ?? none, max: max ?? none };
      tell(await call("PUT", { named, environment, below: "/bounds", body }), options, ({ group: name, bounds }) => {
        return `Group "${name}" has ${bounds.min} to ${bounds.max} servers, by ${bounds.from}.`;
      });
    });
}

function addVote(words: Command): void {
  words
    .command("vote")
    .description("vote on it as a person, or as whatever watches it from outside; one voter has one vote")
    .argument(...GROUP)
    .addArgument(new Argument("<vote>", "none takes it back").choices(["grow", "shrink", "none"]))
    .argument(...ENVIRONMENT)
    .option("--as <voter>", "who votes; your name when left out")
    .option(...JSON_OPTION)
    .action(
      async (named: string, vote: string, environment: string | undefined, options: JsonOption & { as?: string }) => {
        const below = `/votes/${encodeURIComponent(options.as ?? whoAsks())}`;
        tell(await call("PUT", { named, environment, below, body: { vote } }), options, (view) =>
          drawGroup(view).join("\n"),
        );
      },
    );
}

function addDelete(words: Command): void {
  about(words, "delete", "forget a group that is disabled and empty; take it out of the file, too").action(
    async (named: string, environment: string | undefined, options: JsonOption) => {
      const done = await call<{ environment: string }>("DELETE", { named, environment, below: "" });
      if (options.json) printJson(done);
      else
        console.log(
          `Group "${named}" is deleted. Take application.group out of the environment file: changeover up would bring it back.`,
        );
    },
  );
}

interface Call {
  named: string;
  environment: string | undefined;
  below: string;
  body?: unknown;
}

async function call<T = GroupView>(
  method: "GET" | "POST" | "PUT" | "DELETE",
  { named, environment, below, body }: Call,
): Promise<T> {
  const client = await ensureControlPlane(findHome());
  const name = await theEnvironment(client, environment);
  const path = `/environments/${name}/groups/${encodeURIComponent(named)}${below}`;
  return method === "GET" ? client.get<T>(path) : client.send<T>(method, path, body);
}

function tell(view: GroupView, { json }: JsonOption, draw: (view: GroupView) => string): void {
  if (json) printJson(view);
  else console.log(draw(view));
}

/** Follows what was started; gives the exit code. */
async function run(asked: Call, { json }: JsonOption, done: string): Promise<number> {
  const started = await call<Started>("POST", asked);
  const home = findHome();
  const client = await ensureControlPlane(home);
  const signal = interruptible();
  const view = await follow(client, { home, upgrade: String(started.upgrade), signal, stopAtGate: false });
  const group = await client.get<GroupView>(
    `/environments/${view.environment}/groups/${encodeURIComponent(asked.named)}`,
  );
  if (json) printJson({ upgrade: view.id, state: view.state, reason: view.reason, problem: view.problem, group });
  else if (view.state === "upgraded") console.log(`${done}: ${drawGroupSummary(group)}`);
  else if (view.state === "rolled-back")
    console.error(`✗ ${view.reason}\n  next: changeover group show ${asked.named}`);
  else say(drawEnd(view));
  // Nobody has what was asked for, unlike after an upgrade that took its way back.
  return view.state === "rolled-back" ? EXIT.failed : exitOfState(view.state, signal);
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError("It must be a whole number from 1.");
}

function bound(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && text.trim() !== "") return value;
  throw new InvalidArgumentError("It must be a whole number from 0.");
}
