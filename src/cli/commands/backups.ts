/** `changeover backups [list|take|verify|restore]`: backups, whether they are proven, and how to go back to one. */
import type { Command } from "commander";
import type { PlanAnswer, Started } from "../../api/contract.ts";
import { type BackupsView, drawBackups } from "../../view/backups.ts";
import { drawPlan } from "../../view/plan-text.ts";
import type { UpgradeView } from "../../view/upgrade-view.ts";
import { type AddCommand, interruptible, JSON_OPTION, type JsonOption, whoAsks } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { follow } from "../follow.ts";
import { findHome } from "../home.ts";
import { EXIT, exitOfState, printJson, say } from "../output.ts";
import { theEnvironment } from "./status.ts";
import { tellUnfinished } from "./upgrade.ts";
import { drawEnd } from "./watch.ts";

type Ends = (code: number) => void;
const ONLY = "may be left out when there is only one";

export const backups: AddCommand = (program, ends) => {
  const group = program
    .command("backups")
    .description("list backups and whether they are proven; take, verify or restore one")
    .showHelpAfterError("(see: changeover backups --help)");
  addList(group);
  addTake(group, ends);
  addVerify(group, ends);
  addRestore(group, ends);
};

function addList(group: Command): void {
  group
    .command("list", { isDefault: true })
    .description("every backup, proven or not, the schedule, and what did not end well")
    .argument("[environment]", ONLY)
    .option(...JSON_OPTION)
    .action(async (environment: string | undefined, options: JsonOption) => {
      const client = await ensureControlPlane(findHome());
      const name = await theEnvironment(client, environment);
      const view = await client.get<BackupsView>(`/environments/${name}/backups`);
      if (options.json) printJson(view);
      else console.log(drawBackups(view).join("\n"));
    });
}

function addTake(group: Command, ends: Ends): void {
  group
    .command("take")
    .description("take a backup of the replica, start it on a spare and compare it; nobody notices")
    .argument("[environment]", ONLY)
    .option(...JSON_OPTION)
    .action(async (environment: string | undefined, options: JsonOption) => {
      const ran = await run(environment, { path: "", body: { by: whoAsks() }, stopAtGate: false });
      ends(tellBackup(ran, options, "assert-backup", "taken and proven"));
    });
}

function addVerify(group: Command, ends: Ends): void {
  group
    .command("verify")
    .description("start a backup on a spare and compare it with what was written down when it was taken")
    .argument("<backup>", "its id, as listed")
    .argument("[environment]", ONLY)
    .option(...JSON_OPTION)
    .action(async (backup: string, environment: string | undefined, options: JsonOption) => {
      const path = `/${encodeURIComponent(backup)}/verifications`;
      const ran = await run(environment, { path, body: { by: whoAsks() }, stopAtGate: false });
      ends(tellBackup(ran, options, "start-backup", "proven again"));
    });
}

interface RestoreOptions extends JsonOption {
  yes?: boolean;
  dryRun?: boolean;
  otherLineage?: boolean;
}

function addRestore(group: Command, ends: Ends): void {
  group
    .command("restore")
    .description("put a backup in the place of the database, behind the page; asks twice, and keeps what it replaces")
    .argument("<backup>", "its id, as listed")
    .argument("[environment]", ONLY)
    .option("--dry-run", "only show the plan and what would be given up")
    .option("--yes", "answer both gates with yes")
    .option("--other-lineage", "also one of another environment's data")
    .option(...JSON_OPTION)
    .action(async (backup: string, environment: string | undefined, options: RestoreOptions) => {
      const at = `/${encodeURIComponent(backup)}`;
      if (options.dryRun) return showRestore(environment, at, options);
      const yes = options.yes ?? false;
      const body = { by: whoAsks(), yes, otherLineage: options.otherLineage ?? false };
      const { view, signal } = await run(environment, { path: `${at}/restores`, body, stopAtGate: !yes });
      ends(exitOfState(view.state, signal));
      if (view.state === "upgraded" || view.state === "rolled-back") {
        if (options.json) printJson({ upgrade: view.id, state: view.state, reason: view.reason });
        else console.log(drawRestored(view, backup));
      } else tellUnfinished(view, options.json === true);
    });
}

async function showRestore(environment: string | undefined, at: string, options: RestoreOptions): Promise<void> {
  const client = await ensureControlPlane(findHome());
  const name = await theEnvironment(client, environment);
  const asked = { otherLineage: options.otherLineage ?? false };
  const answer = await client.send<PlanAnswer & { loss: string }>(
    "POST",
    `/environments/${name}/backups${at}/plans`,
    asked,
  );
  if (options.json) printJson(answer);
  else console.log([...drawPlan(answer.plan, answer.hash), "", `It would give up ${answer.loss}.`].join("\n"));
}

interface Asked {
  /** Below the environment's backups. */
  path: string;
  body: Record<string, unknown>;
  stopAtGate: boolean;
}

interface Ran {
  view: UpgradeView;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
}

async function run(environment: string | undefined, { path, body, stopAtGate }: Asked): Promise<Ran> {
  const home = findHome();
  const client = await ensureControlPlane(home);
  const name = await theEnvironment(client, environment);
  const { upgrade } = await client.send<Started>("POST", `/environments/${name}/backups${path}`, body);
  const signal = interruptible();
  return { view: await follow(client, { home, upgrade: String(upgrade), signal, stopAtGate }), signal };
}

/** What a backup's run found out, as its last proving step says it; gives the exit code. */
function tellBackup({ view, signal }: Ran, { json }: JsonOption, step: string, done: string): number {
  const steps = view.stages.flatMap((stage) => stage.steps);
  const evidence = steps.find(({ name }) => name === step)?.evidence ?? null;
  if (json) printJson({ upgrade: view.id, state: view.state, reason: view.reason, problem: view.problem, ...evidence });
  else if (view.state === "upgraded" && evidence)
    console.log(
      `Backup "${evidence.backup}" is ${done}: ${evidence.tables} tables, ${evidence.rows} rows at ${evidence.position}.`,
    );
  else if (view.state === "rolled-back") console.error(`✗ ${view.reason}\n  next: changeover backups`);
  else say(drawEnd(view));
  // Nobody has what was asked for, unlike after an upgrade that took its way back.
  return view.state === "rolled-back" ? EXIT.failed : exitOfState(view.state, signal);
}

const drawRestored = ({ state, id, reason }: UpgradeView, backup: string): string =>
  state === "upgraded"
    ? `Backup "${backup}" is the database now; what it replaced is kept as "${id}-before-restore". Next: changeover report ${id}`
    : `Nothing was given up: the database is what it was. ${reason ?? ""}\n  next: changeover report ${id}`;
