/** `demo` and `example NAME`: an environment of examples/ from nothing to its report, then gone again. */
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Argument, Option } from "commander";
import type { Health, Started } from "../api/contract.ts";
import { answersFile } from "../ledger/book.ts";
import type { EnvironmentDefinition } from "../model/environment.ts";
import { parseEnvironment } from "../model/environment-file.ts";
import type { UpgradeStrategy } from "../model/plan.ts";
import { Problem } from "../model/problem.ts";
import { retireThough } from "../run/take-down.ts";
import { createLocalProvider } from "../providers/local/provider.ts";
import { drawReport } from "../view/report-text.ts";
import { type AddCommand, interruptible, JSON_OPTION, type JsonOption, whoAsks } from "../cli/command.ts";
import { ensureControlPlane } from "../cli/control-plane-process.ts";
import { follow } from "../cli/follow.ts";
import { COMMAND, EXAMPLES, INSTALLED, VERSION } from "../cli/installation.ts";
import { exitOfState, printJson, printProblem, say } from "../cli/output.ts";
import { endControlPlane } from "../cli/commands/down.ts";
import { findPlace, type Over, type Place, usualPlace } from "./place.ts";
import { tellReplacing } from "./replacing.ts";
import { tellStaging } from "./staging.ts";
import type { Telling } from "./telling.ts";
import { runUpgrade } from "../cli/commands/upgrade.ts";

/** By which strategy an example is upgraded; all others are major. */
const strategies: Record<string, UpgradeStrategy> = {
  minor: "replace",
  "app-servers": "replace",
  "front-ends": "replace",
  rolling: "rolling",
  canary: "canary",
  "in-place": "in-place",
  wordpress: "replace",
};

/** Those that are about something else than another release. */
const stories: Record<string, (telling: Telling) => Promise<number>> = {
  staging: tellStaging,
  "replace-failed-server": tellReplacing,
};

interface DemoOptions extends JsonOption {
  over?: Over;
  keep?: boolean;
  failAt?: string;
}

export const demo: AddCommand = (program, ends) => {
  const withOptions = (name: string) =>
    program
      .command(name)
      .addOption(
        new Option(
          "--over <transport>",
          "how its servers are reached; ssh is a real sshd on loopback, lab makes a host for each and wants root",
        ).choices(["local", "ssh", "lab"]),
      )
      .option("--fail-at <step>", "let this step fail and watch the way back")
      .option("--keep", "leave everything up, and say how to look around")
      .option(...JSON_OPTION);
  withOptions("demo")
    .description("the major upgrade of a small shop under live traffic, from nothing to its report")
    .action(async (options: DemoOptions) => ends(await runExample("major", options)));
  withOptions("example")
    .description("the same with another environment of examples/")
    .addArgument(new Argument("<name>", "which one").choices(exampleNames()))
    .action(async (name: string, options: DemoOptions) => ends(await runExample(name, options)));
};

async function runExample(name: string, options: DemoOptions): Promise<number> {
  const file = exampleFile(name);
  // A folder of its own, so that the demo never meets anything that is real.
  const home = join(tmpdir(), `changeover-demo-${randomBytes(4).toString("hex")}`);
  mkdirSync(home, { mode: 0o755 });
  process.env.CHANGEOVER_HOME = home;
  const signal = interruptible();
  let code: number;
  let kept = options.keep === true;
  let place: Place | null = null;
  try {
    place = await findPlace(options.over ?? usualPlace(file), home, file);
    const story = stories[name];
    code = story
      ? await story({
          home,
          file: place.file,
          text: place.text,
          servers: place.servers,
          json: options.json === true,
          signal,
        })
      : await upgradeExample(home, place, { ...options, strategy: strategies[name] ?? "major" }, signal);
  } catch (error) {
    code = printProblem(error, options.json === true);
    kept = false;
  }
  if (kept && !signal.aborted) sayHowToLook(home);
  else await cleanUp(home, place);
  return signal.aborted ? 130 : code;
}

async function upgradeExample(
  home: string,
  { text, file: path }: Place,
  options: DemoOptions & { strategy: UpgradeStrategy },
  signal: AbortSignal,
): Promise<number> {
  const definition = parseEnvironment(text, path);
  const [from, to] = [definition.release, nextRelease(definition)];
  say(`Starting the control plane in ${home} …`);
  const client = await ensureControlPlane(home);
  say(`Bringing the environment up at release ${from} …`);
  const started = await client.send<Started>("PUT", "/environments", { text, path, by: whoAsks() });
  const environment = started.environment;
  const up = await follow(client, { home, upgrade: String(started.upgrade), signal, stopAtGate: false });
  if (signal.aborted) return 130;
  if (up.state !== "upgraded") {
    if (up.problem) throw new Problem(up.problem.kind, up.problem);
    return exitOfState(up.state);
  }
  const { strategy } = options;
  say(`Upgrading it to release ${to} under live traffic, strategy ${strategy} …`);
  const { view, report } = await runUpgrade(client, {
    home,
    environment,
    to,
    strategy,
    why: `the example of strategy ${strategy}`,
    yes: true,
    ledger: true,
    failAt: options.failAt,
    signal,
  });
  if (report === null) {
    if (view.problem) throw new Problem(view.problem.kind, view.problem);
    return exitOfState(view.state);
  }
  const goes = options.keep !== true;
  const lasting = report.ledger !== null && goes ? { ...report, ledger: keepLedger(report.ledger) } : report;
  say(drawReport(lasting).join("\n"));
  if (options.json) printJson(lasting);
  const wanted = options.failAt === undefined ? "upgraded" : "rolled-back";
  return report.outcome === wanted ? 0 : exitOfState(view.state);
}

/** The demo's home goes; the ledger stays, both of its files, so that anyone can count again. */
function keepLedger(path: string): string {
  const folder = mkdtempSync(join(tmpdir(), "changeover-ledger-"));
  const lasting = join(folder, basename(path));
  renameSync(path, lasting);
  renameSync(answersFile(path), answersFile(lasting));
  return lasting;
}

const exampleNames = (): string[] =>
  readdirSync(EXAMPLES).filter((entry) => existsSync(join(EXAMPLES, entry, "environment.yaml")));

/** Releases are built in their folders, and an installed package can belong to somebody else: then a copy is used. */
function exampleFile(name: string): string {
  if (!INSTALLED) return join(EXAMPLES, name, "environment.yaml");
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  // One place for each version, so that what was built there once is not built again.
  const own = join(cache, "changeover", "examples", VERSION);
  // All of them: one example may use a release of another.
  cpSync(EXAMPLES, own, { recursive: true });
  return join(own, name, "environment.yaml");
}

/** The one after that with which it comes up, in the file's order. */
function nextRelease({ release, releases }: EnvironmentDefinition): string {
  const names = Object.keys(releases);
  return names[names.indexOf(release) + 1] ?? release;
}

function sayHowToLook(home: string): void {
  say(`
Everything stays up. Look around:
  export CHANGEOVER_HOME=${home}
  ${COMMAND} status
  ${COMMAND} report
  ${COMMAND} plan --to RELEASE
and end it with:
  ${COMMAND} down --all && rm -rf ${home}`);
}

/** Also when an upgrade is in flight: the control plane goes first, then whatever it had launched. */
async function cleanUp(home: string, place: Place | null): Promise<void> {
  say("Cleaning up …");
  const client = await ensureControlPlane(home);
  const { environments } = await client.get<Health>("/health");
  await endControlPlane(client, home, true);
  const provider = createLocalProvider({ directory: join(home, "servers"), token: () => Number.MAX_SAFE_INTEGER });
  for (const environment of environments) {
    const records = await provider.list(environment);
    await Promise.all(records.map((record) => retireThough(provider, record)));
  }
  await place?.close();
  rmSync(home, { recursive: true, force: true });
}
