/** `demo` and `example NAME`: an environment of examples/ from nothing to its report, then gone again. */
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { Argument, Option } from "commander";
import { parseDocument } from "yaml";
import type { Health, Started } from "../api/contract.ts";
import { answersFile } from "../ledger/book.ts";
import { parseEnvironment } from "../model/environment-file.ts";
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
import { readEnvironmentFile } from "../cli/commands/up.ts";
import { tellReplacing } from "./replacing.ts";
import { tellStaging } from "./staging.ts";
import type { Telling } from "./telling.ts";
import { runUpgrade } from "../cli/commands/upgrade.ts";

/** Those that are about something else than another release. */
const stories: Record<string, (telling: Telling) => Promise<number>> = {
  staging: tellStaging,
  "replace-failed-server": tellReplacing,
};

interface DemoOptions extends JsonOption {
  over: string;
  keep?: boolean;
  failAt?: string;
}

export const demo: AddCommand = (program, ends) => {
  const withOptions = (name: string) =>
    program
      .command(name)
      .addOption(
        new Option("--over <transport>", "how its servers are reached; ssh is a real sshd on loopback")
          .choices(["local", "ssh"])
          .default("local"),
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
  try {
    const story = stories[name];
    code = story ? await tell(story, home, file, options, signal) : await upgradeExample(home, file, options, signal);
  } catch (error) {
    code = printProblem(error, options.json === true);
    kept = false;
  }
  if (kept && !signal.aborted) sayHowToLook(home);
  else await cleanUp(home, options.over);
  return signal.aborted ? 130 : code;
}

async function tell(
  story: (telling: Telling) => Promise<number>,
  home: string,
  file: string,
  options: DemoOptions,
  signal: AbortSignal,
): Promise<number> {
  const { text, path, servers } = await exampleText(home, file, options.over);
  return story({ home, file: path, text, servers, json: options.json === true, signal });
}

async function upgradeExample(home: string, file: string, options: DemoOptions, signal: AbortSignal): Promise<number> {
  const { text, path, from, to } = await exampleText(home, file, options.over);
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
  say(`Upgrading it to release ${to} under live traffic …`);
  const { view, report } = await runUpgrade(client, {
    home,
    environment,
    to,
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

/** The environment file, with its servers behind a real sshd when wanted. */
async function exampleText(home: string, file: string, over: string) {
  const text = readEnvironmentFile(file);
  const definition = parseEnvironment(text, file);
  const names = Object.keys(definition.releases);
  const to = names[names.indexOf(definition.release) + 1] ?? definition.release;
  const local = join(home, "servers");
  if (over === "local") return { text, path: file, servers: local, from: definition.release, to };
  const { startLoopbackSshd } = await import("../providers/ssh/loopback.ts");
  const { settings } = await startLoopbackSshd({ home });
  say(`Started a real sshd on ${settings.host}:${settings.port}`);
  const document = parseDocument(text);
  document.set("provider", document.createNode({ kind: "ssh", ...settings }));
  for (const [name, { artefact }] of Object.entries(definition.releases)) {
    document.setIn(["releases", name, "artefact"], resolve(dirname(file), artefact));
  }
  // A file of its own: an environment that is not as its file says is not upgraded.
  const path = join(home, "environment.yaml");
  writeFileSync(path, String(document));
  return { text: String(document), path, servers: settings.directory, from: definition.release, to };
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
async function cleanUp(home: string, over: string): Promise<void> {
  say("Cleaning up …");
  const client = await ensureControlPlane(home);
  const { environments } = await client.get<Health>("/health");
  await endControlPlane(client, home, true);
  const provider = createLocalProvider({ directory: join(home, "servers"), token: () => Number.MAX_SAFE_INTEGER });
  for (const environment of environments) {
    const records = await provider.list(environment);
    await Promise.all(records.map((record) => retireThough(provider, record)));
  }
  if (over === "ssh") {
    const { stopLoopbackSshd } = await import("../providers/ssh/loopback.ts");
    await stopLoopbackSshd({ home });
  }
  rmSync(home, { recursive: true, force: true });
}
