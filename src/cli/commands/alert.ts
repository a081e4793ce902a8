/** `changeover alert list|show|quench|unquench|test`: what is watched, what is raised, and whether its actions work. */
import type { Command } from "commander";
import { type ActionKind, actionKinds } from "../../model/alerts/action.ts";
import { Problem } from "../../model/problem.ts";
import {
  type AlertDetails,
  type AlertsView,
  type AlertTestView,
  drawAlertDetails,
  drawAlerts,
  drawAlertTest,
} from "../../view/alerts.ts";
import { type AddCommand, JSON_OPTION, type JsonOption, whoAsks } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { findHome } from "../home.ts";
import { EXIT, printJson } from "../output.ts";
import { theEnvironment } from "./status.ts";

const NAME = ["<alert>", "its name, as listed"] as const;

const pathOf = (environment: string, alert: string): string =>
  `/environments/${encodeURIComponent(environment)}/alerts/${encodeURIComponent(alert)}`;

export const alert: AddCommand = (program, ends) => {
  const group = program
    .command("alert")
    .description("list what is watched and what is raised; keep an alert quiet for a while; prove one")
    .showHelpAfterError("(see: changeover alert --help)");
  addList(group);
  addShow(group);
  addQuench(group);
  addUnquench(group);
  addTest(group, ends);
};

function addList(group: Command): void {
  group
    .command("list", { isDefault: true })
    .description("every alert, what it watches, the value now, since when it is wrong, and what comes next")
    .argument("[environment]", "may be left out when there is only one")
    .option(...JSON_OPTION)
    .action(async (environment: string | undefined, options: JsonOption) => {
      const client = await ensureControlPlane(findHome());
      const name = await theEnvironment(client, environment);
      const view = await client.get<AlertsView>(`/environments/${encodeURIComponent(name)}/alerts`);
      if (options.json) printJson(view);
      else console.log(drawAlerts(view).join("\n"));
    });
}

function addShow(group: Command): void {
  group
    .command("show")
    .description("one alert, and what happened with it lately")
    .argument("<environment>")
    .argument(...NAME)
    .option(...JSON_OPTION)
    .action(async (environment: string, name: string, options: JsonOption) => {
      const client = await ensureControlPlane(findHome());
      const view = await client.get<AlertDetails>(pathOf(environment, name));
      if (options.json) printJson(view);
      else console.log(drawAlertDetails(view).join("\n"));
    });
}

function addQuench(group: Command): void {
  group
    .command("quench")
    .description("let an alert do nothing for a while; it is still shown")
    .argument("<environment>")
    .argument(...NAME)
    .option("--for <time>", "how long, like 30m, 1h, 24h or 7d", "1h")
    .option("--reason <text>", "shown with it", "")
    .option(...JSON_OPTION)
    .action(async (environment: string, name: string, options: JsonOption & { for: string; reason: string }) => {
      const body = { by: whoAsks(), reason: options.reason, seconds: readSeconds(options.for) };
      const client = await ensureControlPlane(findHome());
      const put = await client.send<{ until: number }>("PUT", `${pathOf(environment, name)}/quench`, body);
      if (options.json) printJson(put);
      else
        console.log(
          `"${name}" does nothing until ${new Date(put.until).toISOString()}. Sooner: changeover alert unquench ${environment} ${name}`,
        );
    });
}

function addUnquench(group: Command): void {
  group
    .command("unquench")
    .description("let an alert act again; what is due by then is done at once")
    .argument("<environment>")
    .argument(...NAME)
    .option(...JSON_OPTION)
    .action(async (environment: string, name: string, options: JsonOption) => {
      const client = await ensureControlPlane(findHome());
      const ended = await client.send("DELETE", `${pathOf(environment, name)}/quench`);
      if (options.json) printJson(ended);
      else console.log(`"${name}" acts again.`);
    });
}

interface TestOptions extends JsonOption {
  only?: string[];
  target?: string;
  escalate?: boolean;
}

function addTest(group: Command, ends: (code: number) => void): void {
  group
    .command("test")
    .description("raise an alert with a made up value, do what it does, marked as synthetic, and resolve it")
    .argument("<environment>")
    .argument(...NAME)
    .option("--only <kinds...>", `only its actions of these kinds: ${actionKinds.join(", ")}`)
    .option("--target <name>", "what it is raised for; the first that it watches when left out")
    .option("--escalate", "go through its escalations, too")
    .option(...JSON_OPTION)
    .action(async (environment: string, name: string, options: TestOptions) => {
      const { only, target = null, escalate = false } = options;
      const body = { only: only === undefined ? null : only.map(readKind), target, escalate };
      const client = await ensureControlPlane(findHome());
      const view = await client.send<AlertTestView>("POST", `${pathOf(environment, name)}/tests`, body);
      if (options.json) printJson(view);
      else console.log(drawAlertTest(view).join("\n"));
      ends(view.proven ? EXIT.done : EXIT.failed);
    });
}

function readKind(word: string): ActionKind {
  const found = actionKinds.find((kind) => kind === word);
  if (found) return found;
  throw new Problem("bad-input", {
    what: `"${word}" is no kind of action`,
    why: `there are ${actionKinds.join(", ")}`,
    next: "changeover alert test --help",
  });
}

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const LONGEST = 31 * 86_400;

function readSeconds(text: string): number {
  const [, number = "", unit = ""] = /^(\d{1,7})([smhd])$/.exec(text) ?? [];
  const seconds = Number(number) * (SECONDS[unit] ?? 0);
  if (seconds > 0 && seconds <= LONGEST) return seconds;
  throw new Problem("bad-input", {
    what: `"${text}" is no time that --for can take`,
    why: "it is a number and s, m, h or d, at most 31d",
    next: "write it like 30m, 1h, 24h or 7d",
  });
}
