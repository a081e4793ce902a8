/** How a fault is brought about in a running product: signals to its processes, a full disk, people and control planes at odds. */
import { execFileSync } from "node:child_process";
import { readFileSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Health } from "../src/api/contract.ts";
import { Problem, type ProblemText } from "../src/model/problem.ts";
import type { UpgradeView } from "../src/view/upgrade-view.ts";
import { answerOf, type Product, type Ran } from "../test/product/product.ts";

/** Breaks something and, where it lasts, mends it again; gives what should not have come of it. */
export type Strike = (product: Product, upgrade: string) => Promise<string[]>;

/** The runner writes down which process a service is, each time it starts it. */
export function processOf(product: Product, environment: string, server: string, service: string): number {
  const run = join(product.home, "servers", environment, server, ".changeover/services", service, "run");
  return Number(readFileSync(run, "utf8").split(" ")[3]);
}

export const killService =
  (server: string, service: string): Strike =>
  async (product) => {
    process.kill(processOf(product, "board", server, service), "SIGKILL");
    return [];
  };

/** The control plane's own one. */
export const killDatabase: Strike = async (product) => {
  const { databasePid } = await product.client.get<Health>("/health");
  if (databasePid === null) return ["there is no embedded database"];
  process.kill(databasePid, "SIGKILL");
  return [];
};

async function stopFor(pid: number, ms: number): Promise<string[]> {
  process.kill(pid, "SIGSTOP");
  try {
    await sleep(ms);
  } finally {
    process.kill(pid, "SIGCONT");
  }
  return [];
}

export const stopService =
  (server: string, service: string, ms: number): Strike =>
  (product) =>
    stopFor(processOf(product, "board", server, service), ms);

export const stopControlPlane =
  (ms: number): Strike =>
  (product) =>
    stopFor(Number(readFileSync(join(product.home, "control.pid"), "utf8")), ms);

/** Gives the home a disk of its own; null where we may not. */
export function mountDisk(product: Product): { end(): void } | null {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2g,mode=755", "tmpfs", product.home], { stdio: "pipe" });
  } catch {
    return null;
  }
  // Whatever still works in it keeps it until its own end.
  return { end: () => void execFileSync("umount", ["--lazy", product.home]) };
}

/** It shrinks to what it holds: that fills it at once, and without the memory that a large file would take. */
export const fillDisk =
  (ms: number): Strike =>
  async ({ home }) => {
    const resize = (size: string): unknown => execFileSync("mount", ["-o", `remount,size=${size}`, home]);
    const { blocks, bfree, bsize } = statfsSync(home);
    resize(String((blocks - bfree + 16) * bsize));
    await sleep(ms);
    resize("2g");
    return [];
  };

/** Both at the same instant: exactly one of them counts. */
export const approveAndDeny: Strike = async ({ client }, upgrade) => {
  const { planHash } = await client.get<UpgradeView>(`/upgrades/${upgrade}`);
  const given = await Promise.allSettled(
    ["approve", "deny"].map((answer) =>
      client.send("POST", `/upgrades/${upgrade}/gates/reopen`, { answer, planHash, by: `who says ${answer}` }),
    ),
  );
  const refused = given.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
  if (refused.length !== 1) return [`${refused.length} of two answers were refused`];
  return refused[0] instanceof Problem ? nameless(refused[0].text) : [`an answer was refused like this: ${refused[0]}`];
};

/** The second one in a home, past the supervisor's lock: it has to leave everything to the first. */
export const secondControlPlane: Strike = async (product) => {
  const before = await product.client.get<Health>("/health");
  const second = product.start(["serve"]);
  const ran = await Promise.race([second.ended, sleep(10_000)]);
  if (!ran) second.child.kill("SIGKILL");
  const after = await product.client.get<Health>("/health").catch(() => null);
  return [
    ...(ran ? [] : ["a second control plane stayed"]),
    ...(ran && ran.code === 0 ? ["a second control plane ended as if all were well"] : []),
    ...(after?.pid === before.pid ? [] : [`the first one no longer answers: ${ran ? ran.stderr : ""}`]),
  ];
};

/** What somebody is told whose command was refused. */
export function refusalTrouble(ran: Ran): string[] {
  if (ran.code !== 3) return [`the other command ended with ${ran.code}: ${ran.stdout}${ran.stderr}`];
  return nameless(answerOf<{ problem: ProblemText }>(ran).problem);
}

export const nameless = (problem: ProblemText | null): string[] =>
  problem && problem.what !== "" && problem.why !== "" && problem.next !== ""
    ? []
    : [`a problem without a name: ${JSON.stringify(problem)}`];
