/** `changeover inputs [list|xref|diff|history|set|unset|promote|drop|revert]`: values that servers are launched with. */
import type { Command } from "commander";
import type { Place } from "../../model/inputs/set.ts";
import { readSpelling } from "../../model/inputs/spelling.ts";
import { inputName } from "../../model/inputs/value.ts";
import { Problem } from "../../model/problem.ts";
import {
  type CrossReferenceView,
  type DifferencesView,
  drawCrossReference,
  drawDifferences,
  drawEdited,
  drawHistory,
  drawInputs,
  type Edited,
  type HistoryView,
  type InputsView,
} from "../../view/inputs.ts";
import { type AddCommand, JSON_OPTION, type JsonOption, whoAsks } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { findHome } from "../home.ts";
import { printJson } from "../output.ts";
import { readHours } from "../time.ts";
import { theEnvironment } from "./status.ts";

const ONLY = "may be left out when there is only one";
const WHY = ["--why <text>", "kept in the history"] as const;

export const inputs: AddCommand = (program) => {
  const group = program
    .command("inputs")
    .description("values that servers are launched with: look, set, lend to a server, take back")
    .showHelpAfterError("(see: changeover inputs --help)");
  addLooks(group);
  addSet(group);
  addUnset(group);
  addChoosing(group, "promote", "promotions", "make overrides the environment's own values, and end them");
  addChoosing(group, "drop", "drops", "end overrides: the next launch gets what the environment says");
  addRevert(group);
};

function addLooks(group: Command): void {
  addLook<InputsView>(group.command("list", { isDefault: true }), {
    says: "the environment's own values, and what is lent to servers and groups until when",
    path: () => "",
    draw: drawInputs,
  });
  const xref = group.command("xref").option("--server <server>", "only this one");
  addLook<CrossReferenceView>(xref, {
    says: "every input of every server: its value at the next launch, from which level, what that hides, what runs now",
    path: ({ server }) => `/cross-reference${server === undefined ? "" : `?server=${encodeURIComponent(server)}`}`,
    draw: drawCrossReference,
  });
  const diff = group
    .command("diff")
    .option("--since <snapshot>", "what changed since before the edit of this number")
    .option("--servers <two>", "two servers with a comma between them: what their next launches would not share");
  addLook<DifferencesView>(diff, {
    says: "what a relaunch would change for each server that runs; or what two servers or two moments don't share",
    path: ({ since, servers }) => `/differences${comparing(since, servers)}`,
    draw: drawDifferences,
  });
  addLook<HistoryView>(group.command("history"), {
    says: "who edited what, when and why; each edit can be taken back by its number",
    path: () => "/history",
    draw: drawHistory,
  });
}

interface LookOptions extends JsonOption {
  server?: string;
  since?: string;
  servers?: string;
}

interface Look<T> {
  says: string;
  /** Below the environment's inputs. */
  path(options: LookOptions): string;
  draw(view: T): string[];
}

function addLook<T>(command: Command, { says, path, draw }: Look<T>): void {
  command
    .description(says)
    .argument("[environment]", ONLY)
    .option(...JSON_OPTION)
    .action(async (environment: string | undefined, options: LookOptions) => {
      const client = await ensureControlPlane(findHome());
      const name = await theEnvironment(client, environment);
      const view = await client.get<T>(`/environments/${encodeURIComponent(name)}/inputs${path(options)}`);
      if (options.json) printJson(view);
      else console.log(draw(view).join("\n"));
    });
}

function comparing(since: string | undefined, servers: string | undefined): string {
  const [left, right, ...more] = servers?.split(",") ?? [];
  const two = left !== undefined && right !== undefined && more.length === 0;
  if (since !== undefined && servers === undefined) return `?since=${encodeURIComponent(since)}`;
  if (two && since === undefined) return `?left=${encodeURIComponent(left)}&right=${encodeURIComponent(right)}`;
  if (servers === undefined) return "";
  throw new Problem("bad-input", {
    what: "inputs can't be compared like this",
    why: "it takes --since NUMBER, or --servers with two names, and not both",
    next: "changeover inputs diff --servers app-1,app-2",
  });
}

interface PlaceOptions extends JsonOption {
  server?: string;
  group?: string;
  why?: string;
}

function placeIn({ server, group }: PlaceOptions): Place | null {
  if (server !== undefined && group !== undefined) {
    throw new Problem("bad-input", {
      what: "an input stands at one place",
      why: "both --server and --group were given; a server of a group has no values of its own",
      next: "leave one of them out",
    });
  }
  if (server !== undefined) return { level: "server", owner: server };
  return group === undefined ? null : { level: "group", owner: group };
}

function addSet(group: Command): void {
  group
    .command("set")
    .description(
      "set inputs of the environment, or lend them to one server or group for a time; what runs keeps what it has",
    )
    .argument("<environment>")
    .argument(
      "<name=value...>",
      "a text, credential:NAME, key:NAME, server:NAME.address, server:NAME.INPUT, array:a,b, ignore or inherit; text:… for a text that looks like one of these",
    )
    .option("--server <server>", "only for this server: a loan, with --why and an end")
    .option("--group <group>", "only for this scaling group: a loan, with --why and an end")
    .option("--for <time>", "how long it is lent, like 90m, 2h or 3d; 24h when left out")
    .option(...WHY)
    .option(...JSON_OPTION)
    .action(async (environment: string, pairs: string[], options: PlaceOptions & { for?: string }) => {
      const place = placeIn(options);
      if (!place && options.for !== undefined) throw notLent();
      await edit("PUT", environment, "", options, {
        place: place ?? { level: "environment", owner: "" },
        values: Object.fromEntries(pairs.map(pairIn)),
        hours: readHours(options.for),
      });
    });
}

const notLent = (): Problem =>
  new Problem("bad-input", {
    what: "the environment's own values have no end",
    why: "--for was given without --server or --group",
    next: "leave --for out, or name the server or group that it is for",
  });

function pairIn(pair: string): [string, unknown] {
  const at = pair.indexOf("=");
  const name = pair.slice(0, Math.max(0, at));
  if (at > 0) return [checkedName(name), readSpelling(name, pair.slice(at + 1))];
  throw new Problem("bad-input", {
    what: "an input is given as NAME=VALUE",
    why: "one of the words has no name before a =",
    next: "changeover inputs set --help; to take a value away: changeover inputs unset",
  });
}

function checkedName(name: string): string {
  const read = inputName.safeParse(name);
  if (read.success) return name;
  throw new Problem("bad-input", {
    what: `"${name}" can't be the name of an input`,
    why: read.error.issues.map(({ message }) => message).join("; "),
    next: "changeover inputs set --help",
  });
}

function addUnset(group: Command): void {
  group
    .command("unset")
    .description(
      "take values of the environment away: the template's or the scripts' count again; overrides end by drop",
    )
    .argument("<environment>")
    .argument("<name...>")
    .option(...WHY)
    .option(...JSON_OPTION)
    .action((environment: string, names: string[], options: PlaceOptions) =>
      edit("POST", environment, "/unsettings", options, { names: names.map(checkedName) }),
    );
}

function addChoosing(group: Command, word: string, path: string, says: string): void {
  group
    .command(word)
    .description(says)
    .argument("<environment>")
    .argument("[name...]", "only these inputs")
    .option("--server <server>", "only what is lent to this server")
    .option("--group <group>", "only what is lent to this scaling group")
    .option(...WHY)
    .option(...JSON_OPTION)
    .action((environment: string, names: string[], options: PlaceOptions) =>
      edit("POST", environment, `/${path}`, options, {
        place: placeIn(options),
        names: names.length > 0 ? names.map(checkedName) : null,
      }),
    );
}

function addRevert(group: Command): void {
  group
    .command("revert")
    .description("put all values back as they were before an edit, exactly; what is there now becomes a snapshot, too")
    .argument("<environment>")
    .argument("<snapshot>", "its number, as changeover inputs history tells it")
    .option(...WHY)
    .option(...JSON_OPTION)
    .action((environment: string, snapshot: string, options: PlaceOptions) =>
      edit("POST", environment, "/reverts", options, { number: numberIn(snapshot) }),
    );
}

function numberIn(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Problem("bad-input", {
    what: `"${text}" is not the number of a snapshot`,
    why: "snapshots are counted 1, 2, 3 …",
    next: "changeover inputs history",
  });
}

async function edit(
  method: "PUT" | "POST",
  environment: string,
  path: string,
  { why = "", json }: PlaceOptions,
  body: Record<string, unknown>,
): Promise<void> {
  const client = await ensureControlPlane(findHome());
  const place = `/environments/${encodeURIComponent(environment)}/inputs${path}`;
  const edited = await client.send<Edited>(method, place, { ...body, why, by: whoAsks() });
  if (json) printJson(edited);
  else console.log(drawEdited(edited).join("\n"));
}
