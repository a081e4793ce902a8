/** Why an upgrade is done, by which strategy, and who is told: from options, else asked of whoever sits at a terminal. */
import { Option } from "commander";
import { createInterface, type Interface } from "node:readline/promises";
import { Problem } from "../model/problem.ts";
import { type UpgradeStrategy, upgradeStrategies } from "../model/plan.ts";

export interface PurposeOptions {
  strategy?: string;
  why?: string;
  tell?: string[];
}

export interface Purpose {
  strategy: UpgradeStrategy;
  why: string;
  tell: string[];
}

export const strategyOption = (): Option =>
  new Option("--strategy <strategy>", "major with a window, all others without downtime").choices(upgradeStrategies);
export const WHY_OPTION = ["--why <text>", "why it is done; stays with the upgrade and its report"] as const;
export const TELL_OPTION = ["--tell <who>", "whom to tell of it; may be given more than once"] as const;

/** Each option for the same person as often as it is given. */
export const collect = (one: string, before: string[] = []): string[] => [...before, one];

export function readStrategy(text: string | undefined): UpgradeStrategy {
  const found = upgradeStrategies.find((one) => one === (text ?? "major"));
  if (found) return found;
  throw new Problem("bad-input", {
    what: `there is no strategy "${text}"`,
    why: `there are ${upgradeStrategies.join(", ")}`,
    next: "name one of them with --strategy",
  });
}

const MEANS: Record<UpgradeStrategy, string> = {
  major: "the new schema breaks the old release; the public sees a page for a short window",
  replace: "new servers beside the old ones, one switch",
  rolling: "new servers join the pool batch by batch, old ones leave it",
  canary: "a growing share of the public, compared with the old release at each",
  "in-place": "the same servers, batch by batch",
};

/** Only what was left out is asked, and only where somebody can answer; Ctrl-C ends the command. */
export async function askPurpose({ strategy, why, tell }: PurposeOptions, mayAsk: boolean): Promise<Purpose> {
  const known = { strategy: strategy === undefined ? null : readStrategy(strategy), why, tell };
  if (!mayAsk || !process.stdin.isTTY || !process.stderr.isTTY) {
    return { strategy: known.strategy ?? "major", why: why ?? "", tell: tell ?? [] };
  }
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  const left = new AbortController();
  asking.once("SIGINT", () => left.abort());
  try {
    return {
      strategy: known.strategy ?? (await askStrategy(asking, left.signal)),
      why: known.why ?? (await asking.question("Why is it done? ", { signal: left.signal })).trim(),
      tell: known.tell ?? split(await asking.question("Who is told (names, with commas)? ", { signal: left.signal })),
    };
  } catch (error) {
    if (!left.signal.aborted) throw error;
    throw new Problem("bad-input", {
      what: "nothing was started",
      why: "the questions were not answered",
      next: "answer them, or give --strategy, --why and --tell",
    });
  } finally {
    asking.close();
  }
}

async function askStrategy(asking: Interface, signal: AbortSignal): Promise<UpgradeStrategy> {
  const lines = upgradeStrategies.map((one, at) => `  ${at + 1}  ${one.padEnd(9)} ${MEANS[one]}`);
  process.stderr.write(`Minor or major, and how? Only major has downtime.\n${lines.join("\n")}\n`);
  for (let tries = 0; tries < 3; tries++) {
    const said = (await asking.question("Number or name: ", { signal })).trim();
    const found = upgradeStrategies[Number(said) - 1] ?? upgradeStrategies.find((one) => one === said);
    if (found) return found;
  }
  return readStrategy("none of those");
}

const split = (text: string): string[] =>
  text
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
