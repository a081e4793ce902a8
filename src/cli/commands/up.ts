/** `changeover up [file]`: starts the control plane and brings the environment up at its first release. */
import { lstatSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Started } from "../../api/contract.ts";
import type { Evidence } from "../../model/step.ts";
import { MOST_BYTES, readText } from "../../model/environment-text.ts";
import { Problem } from "../../model/problem.ts";
import type { UpgradeView } from "../../view/upgrade-view.ts";
import type { Client } from "../client.ts";
import { type AddCommand, interruptible, JSON_OPTION, type JsonOption, whoAsks } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { follow } from "../follow.ts";
import { findHome } from "../home.ts";
import { EXIT, exitOfState, printJson, say } from "../output.ts";
import { drawEnd } from "./watch.ts";

interface UpOptions extends JsonOption {
  dataFrom?: string;
}

export const up: AddCommand = (program, ends) => {
  program
    .command("up")
    .description("bring an environment up at its first release; on one that is up, take over changes of its file")
    .argument("[file]", "the environment file", "environment.yaml")
    .option("--data-from <environment>", "come up with the newest proven backup of another one; or ENVIRONMENT:BACKUP")
    .option(...JSON_OPTION)
    .action(async (file: string, options: UpOptions) => {
      const home = findHome();
      const client = await ensureControlPlane(home);
      const started = await startUp(client, file, options.dataFrom ?? null);
      for (const warning of started.warnings ?? []) say(`warning: ${warning}`);
      if (started.upgrade === null) {
        if (options.json) printJson(started);
        else console.log(`Environment "${started.environment}" is up; its file was read again.`);
        return;
      }
      const signal = interruptible();
      const view = await follow(client, { home, upgrade: started.upgrade, signal, stopAtGate: false });
      // Nothing serves after a way back from nothing.
      ends(view.state === "rolled-back" ? EXIT.failed : exitOfState(view.state, signal));
      const data = dataIn(view);
      if (options.json) printJson({ ...started, state: view.state, problem: view.problem, ...(data ? { data } : {}) });
      else if (view.state === "upgraded") console.log(drawUp(started.environment, data));
      else if (view.state === "rolled-back")
        console.error(
          `✗ it could not be brought up, and nothing of it is left\n  why:  ${view.reason}\n  next: mend it, then: changeover up ${file}`,
        );
      else console.log(drawEnd(view));
    });
};

/** `dataFrom`: ENVIRONMENT or ENVIRONMENT:BACKUP. */
export async function startUp(client: Client, file: string, dataFrom: string | null): Promise<Started> {
  const path = resolve(file);
  const [environment = "", backup = null] = dataFrom?.split(":") ?? [];
  const body = { text: readEnvironmentFile(path), path, by: whoAsks() };
  const asked = { ...body, dataFrom: dataFrom === null ? null : { environment, backup } };
  return client.send<Started>("PUT", "/environments", asked);
}

/** What the step that filled it has proved; null when it came up empty. */
export function dataIn(view: UpgradeView): Evidence | null {
  const steps = view.stages.flatMap((stage) => stage.steps);
  return steps.find(({ name }) => name === "fill-from-backup")?.evidence ?? null;
}

const drawUp = (environment: string, data: Evidence | null): string =>
  data
    ? `Environment "${environment}" is up with backup "${data.backup}": ${data.tables} tables, ${data.rows} rows, as written down. Next: changeover status ${environment}`
    : `Environment "${environment}" is up. Next: changeover status`;

export function readEnvironmentFile(path: string): string {
  return readText(bytesOf(path), path);
}

/** A device or a pipe has no end, or none in time. */
function bytesOf(path: string): Buffer {
  try {
    const seen = statSync(path);
    if (seen.isFile() && seen.size <= MOST_BYTES) return readFileSync(path);
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code !== "ENOENT" || isLink(path);
    throw noFile(isThere ? "the environment file can't be read" : "there is no environment file", error);
  }
  throw noFile(
    "the environment file can't be read",
    new Error(`${path} is no regular file, or has more than ${MOST_BYTES} bytes`),
  );
}

const isLink = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

const noFile = (what: string, error: unknown): Problem =>
  new Problem(
    "bad-input",
    {
      what,
      why: (error as Error).message,
      next: "name it (changeover up FILE), or make one: changeover init",
    },
    error,
  );
