/** `changeover server …`: application servers one by one: clone, change, try, launch, connect, relaunch, replace, retire. */
import type { Command } from "commander";
import type { Started } from "../../api/contract.ts";
import { Problem } from "../../model/problem.ts";
import { changeKeys, type ServerDefinition } from "../../model/server/definition.ts";
import { drawServer, drawServers, type ServersView, sayChange } from "../../view/servers.ts";
import type { UpgradeView } from "../../view/upgrade-view.ts";
import type { Client } from "../client.ts";
import { type AddCommand, interruptible, JSON_OPTION, type JsonOption, whoAsks } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { follow } from "../follow.ts";
import { findHome } from "../home.ts";
import { EXIT, exitOfState, printJson, say } from "../output.ts";
import { readHours } from "../time.ts";
import { theEnvironment } from "./status.ts";
import { drawEnd } from "./watch.ts";

type Ends = (code: number) => void;

export const server: AddCommand = (program, ends) => {
  const group = program
    .command("server")
    .description("list application servers; clone, change, launch, connect, replace or retire one")
    .showHelpAfterError("(see: changeover server --help)");
  addList(group);
  addShow(group);
  addClone(group);
  addChange(group);
  addForget(group);
  addRun(group, ends, "launch", "launch a server that was cloned, and test it apart from the public", true);
  addRun(group, ends, "connect", "put a server that stands apart into the pool that serves");
  addRun(group, ends, "disconnect", "take a server out of the pool and let it stand apart");
  addRun(group, ends, "relaunch", "launch a serving server anew with what the environment file says now");
  addRun(group, ends, "replace", "put a clone in the place of a server that went bad; the bad one is kept");
  addRun(group, ends, "retire", "take a server out of the pool, drain it and end it for good");
};

const pathOf = (environment: string, name = ""): string =>
  `/environments/${encodeURIComponent(environment)}/servers${name === "" ? "" : `/${encodeURIComponent(name)}`}`;

function addList(group: Command): void {
  group
    .command("list", { isDefault: true })
    .description("every application server: whether it serves, what it runs, its sessions")
    .argument("[environment]", "may be left out when there is only one")
    .option(...JSON_OPTION)
    .action(async (environment: string | undefined, options: JsonOption) => {
      const client = await ensureControlPlane(findHome());
      const name = await theEnvironment(client, environment);
      const view = await client.get<ServersView>(pathOf(name));
      if (options.json) printJson(view);
      else console.log(drawServers(view).join("\n"));
    });
}

function addShow(group: Command): void {
  group
    .command("show")
    .description("what one server runs with, and what its next launch would bring")
    .argument("<environment>")
    .argument("<server>")
    .option(...JSON_OPTION)
    .action(async (environment: string, name: string, options: JsonOption) => {
      const client = await ensureControlPlane(findHome());
      const { servers } = await client.get<ServersView>(pathOf(environment));
      const found = servers.find((one) => one.name === name);
      if (!found) {
        throw new Problem("not-found", {
          what: `"${environment}" has no application server "${name}"`,
          why: `there are ${servers.map((one) => one.name).join(", ") || "none"}`,
          next: `changeover server list ${environment}`,
        });
      }
      if (options.json) printJson(found);
      else console.log(drawServer(found).join("\n"));
    });
}

function addClone(group: Command): void {
  group
    .command("clone")
    .description("write down a server like another one; nothing is launched, and nothing links the two")
    .argument("<environment>")
    .argument("<server>", "the one that it is to be like")
    .option("--name <name>", "of the clone; the next free one when left out")
    .option(...JSON_OPTION)
    .action(async (environment: string, source: string, options: JsonOption & { name?: string }) => {
      const client = await ensureControlPlane(findHome());
      const body = { source, name: options.name ?? null, by: whoAsks() };
      const made = await client.send<ServerDefinition>("POST", pathOf(environment), body);
      if (options.json) printJson(made);
      else
        console.log(
          `"${made.name}" is written down as a clone of "${source}". Next: changeover server launch ${environment} ${made.name}`,
        );
    });
}

interface ChangeOptions extends JsonOption {
  release?: string;
  template?: string;
  image?: string;
  size?: string;
  input?: string;
  explain?: string;
  why?: string;
}

function addChange(group: Command): void {
  group
    .command("change")
    .description("change one thing that a cloned server is launched with; changes are kept in their order")
    .argument("<environment>")
    .argument("<server>")
    .option("--release <release>", "of the environment file")
    .option("--template <name@revision>", "a committed revision of a server template")
    .option("--image <image>", "as the provider calls it")
    .option("--size <size>", "as the provider calls it")
    .option("--input <name=value>", "for this server only; typed as for `changeover inputs set`")
    .option("--explain <fact>", "a difference from its source that no change explains, as the launch named it")
    .option("--why <reason>", "why that difference is right")
    .option(...JSON_OPTION)
    .action(async (environment: string, name: string, options: ChangeOptions) => {
      const client = await ensureControlPlane(findHome());
      const changed = await sendChange(client, pathOf(environment, name), options);
      if (options.json) return printJson(changed);
      const list = changed.changes.map((change, at) => `${at + 1}. ${sayChange(change)}`);
      console.log(
        list.length > 0 ? `"${name}" is launched with: ${list.join(", ")}` : `"${name}" is as it was cloned.`,
      );
    });
}

function sendChange(client: Client, path: string, options: ChangeOptions): Promise<ServerDefinition> {
  const { input, explain, why } = options;
  const changes = changeKeys.flatMap((key) => (options[key] === undefined ? [] : [{ key, value: options[key] }]));
  const all = [...changes, ...(input === undefined ? [] : [inputChange(input)])];
  const [first] = all;
  if (first && all.length === 1 && explain === undefined)
    return client.send("POST", `${path}/changes`, { ...first, by: whoAsks() });
  if (explain !== undefined && why !== undefined && all.length === 0)
    return client.send("POST", `${path}/explanations`, { fact: explain, why });
  throw new Problem("bad-input", {
    what: "it is not clear what is to be changed",
    why: "give one change at a time, or --explain together with --why",
    next: "changeover server change --help",
  });
}

function inputChange(pair: string): { key: string; value: string } {
  const [name, value] = readPair(pair);
  return { key: `input ${name}`, value };
}

function readPair(pair: string): [string, string] {
  const at = pair.indexOf("=");
  if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
  throw new Problem("bad-input", {
    what: `"${pair}" is no input`,
    why: "it must be NAME=VALUE",
    next: "changeover inputs set --help",
  });
}

function addForget(group: Command): void {
  group
    .command("forget")
    .description("forget a cloned server that is not launched")
    .argument("<environment>")
    .argument("<server>")
    .option(...JSON_OPTION)
    .action(async (environment: string, name: string, options: JsonOption) => {
      const client = await ensureControlPlane(findHome());
      const answer = await client.send("DELETE", pathOf(environment, name));
      if (options.json) printJson(answer);
      else console.log(`"${name}" is forgotten.`);
    });
}

interface RunOptions extends JsonOption {
  oneByOne?: boolean;
  input?: string[];
  save?: boolean;
  why?: string;
  for?: string;
}

function addRun(group: Command, ends: Ends, verb: string, description: string, launches = false): void {
  const command = group
    .command(verb)
    .description(description)
    .argument("<environment>")
    .argument("<server>")
    .option(...JSON_OPTION);
  if (launches) {
    command
      .option("--one-by-one", "launch and test after each change, so that the one that breaks it is known")
      .option("--input <name=value...>", "inputs for this launch only; the next one is without them")
      .option("--save", "lend them to the server from now on; with --why, and --for a time")
      .option("--why <reason>", "why they are lent")
      .option("--for <time>", "how long they are lent, such as 2h; a day when left out");
  }
  command.action(async (environment: string, name: string, options: RunOptions) => {
    const home = findHome();
    const client = await ensureControlPlane(home);
    const body = { by: whoAsks(), ...(launches ? launchBody(options) : {}) };
    const path = `${pathOf(environment, name)}/${launches ? "launches" : verb}`;
    const { upgrade } = await client.send<Started>("POST", path, body);
    const signal = interruptible();
    const view = await follow(client, { home, upgrade: String(upgrade), signal, stopAtGate: false });
    ends(tell(view, signal, options.json === true));
  });
}

function launchBody({ oneByOne = false, input = [], save, why, ...options }: RunOptions) {
  const given = Object.fromEntries(input.map(readPair));
  if (!save) return { oneByOne, given, save: null };
  if (why !== undefined) return { oneByOne, given, save: { why, hours: readHours(options.for) } };
  throw new Problem("bad-input", {
    what: "what is lent needs a reason",
    why: "whoever meets it later must know what it is for",
    next: "add --why REASON",
  });
}

/** The stage that failed says which change it was. */
const brokenStage = ({ stages }: UpgradeView): string | null =>
  stages.find(({ steps }) => steps.some(({ problem }) => problem !== null))?.name ?? null;

function tell(view: UpgradeView, signal: AbortSignal, json: boolean): number {
  const broken = brokenStage(view);
  const { id, state, reason, problem, strategy } = view;
  if (json) printJson({ upgrade: id, strategy, state, broken, reason, problem });
  else if (state === "upgraded") console.log(`Done. Next: changeover server list ${view.environment}`);
  else if (state === "rolled-back")
    console.error(`✗ ${broken ?? ""}\n  why:  ${reason}\n  next: changeover report ${id}`);
  else say(drawEnd(view));
  // Nobody has what was asked for, unlike after an upgrade that took its way back.
  return state === "rolled-back" ? EXIT.failed : exitOfState(state, signal);
}
