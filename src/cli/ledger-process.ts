/** Runs `changeover ledger` as a process of its own beside an upgrade, so that it survives whatever happens here. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { Problem } from "../model/problem.ts";
import type { LedgerSummary } from "../model/report.ts";
import type { Client } from "./client.ts";
import { MAIN } from "./installation.ts";

/** A server that was never asked to write, on a machine that is busy, takes its time. */
const FIRST_WRITE_MS = 60_000;
const FINISH_MS = 60_000;

export interface RunningLedger {
  /** Stops the clients and counts. */
  finish(): Promise<LedgerSummary>;
  /** Ends the process if it still runs. */
  stop(): Promise<void>;
}

export const newLedgerFile = (home: string, environment: string): string =>
  join(home, "ledgers", `${environment}-${new Date().toISOString().replace(/[:.]/g, "-")}-${process.pid}.jsonl`);

/** Resolves when its first writes were acknowledged. */
export async function startLedger(client: Client, run: { home: string; environment: string }): Promise<RunningLedger> {
  // Asked first, so that a missing section is said by the command itself.
  await client.get(`/environments/${run.environment}/ledger`);
  const file = newLedgerFile(run.home, run.environment);
  const child = spawn(process.execPath, [MAIN, "ledger", run.environment, "--file", file, "--json"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, CHANGEOVER_HOME: run.home },
    // Ctrl-C in the terminal is for the command that watches; it stops the ledger in its own time.
    detached: true,
  });
  const [answer, talk] = [text(child.stdout), text(child.stderr)];
  const running = (): boolean => child.exitCode === null && child.signalCode === null;
  const deadline = Date.now() + FIRST_WRITE_MS;
  const acknowledged = (): boolean => existsSync(file) && statSync(file).size > 0;
  while (!acknowledged() && running() && Date.now() < deadline) await sleep(50);
  if (!acknowledged()) {
    const late = running() ? `no write was acknowledged within ${FIRST_WRITE_MS / 1000} s. ` : "";
    child.kill("SIGKILL");
    throw noLedgerStarted(`${late}${await talk}`);
  }
  return {
    async finish() {
      child.kill("SIGINT");
      await ended(child, FINISH_MS);
      const line = (await answer).trim().split("\n").at(-1) ?? "";
      if (!line.startsWith("{") || line.startsWith('{"problem"')) throw noLedgerStarted(line || (await talk));
      return JSON.parse(line) as LedgerSummary;
    },
    async stop() {
      if (!running()) return;
      child.kill("SIGKILL");
      await ended(child, 5_000);
    },
  };
}

async function ended(child: ChildProcess, withinMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await once(child, "exit", { signal: AbortSignal.timeout(withinMs) }).catch(() => child.kill("SIGKILL"));
}

const noLedgerStarted = (why: string): Problem =>
  new Problem("step-failed", {
    what: "the ledger's clients gave no count",
    why: why.trim().slice(-500) || "they ended without a word",
    next: "changeover ledger --seconds 5, to see what they meet",
  });
