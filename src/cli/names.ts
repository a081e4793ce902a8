/** Names of what there is, for completion: read from a control plane that runs, and never one started for that. */
import type { EnvironmentSummary } from "../run/summaries.ts";
import type { Candidate } from "./candidates.ts";
import { createClient } from "./client.ts";

/** Somebody waits with a finger on the key. */
const ANSWER_MS = 1_000;

type Find = (environments: EnvironmentSummary[], words: string[]) => Candidate[];

/** By the placeholders of arguments and options. */
const FINDERS: Record<string, Find> = {
  environment: (all) => all.map(({ environment }) => ({ value: environment, says: "environment" })),
  release: (all, words) =>
    meant(all, words).flatMap(({ environment, releases }) =>
      releases.map((release) => ({ value: release, says: `release of ${environment}` })),
    ),
  group: (all, words) =>
    meant(all, words).flatMap(({ environment, groups }) =>
      groups.map((group) => ({ value: group, says: `scaling group of ${environment}` })),
    ),
  upgrade: (all, words) =>
    meant(all, words).flatMap(({ environment, upgrades }) =>
      upgrades.map(({ id, state }) => ({ value: id, says: `${environment}, ${state}` })),
    ),
  address: (all, words) =>
    meant(all, words).flatMap(({ environment, addresses }) =>
      addresses.map((address) => ({ value: address, says: `address of ${environment}` })),
    ),
  alert: (all, words) =>
    meant(all, words).flatMap(({ environment, alerts }) =>
      alerts.map((alert) => ({ value: alert, says: `alert of ${environment}` })),
    ),
  gate: (all, words) =>
    all.flatMap(({ gate }) =>
      gate && words.includes(gate.upgrade) ? [{ value: gate.name, says: gate.question }] : [],
    ),
};

/** The environments that the line names, else all. */
function meant(all: EnvironmentSummary[], words: string[]): EnvironmentSummary[] {
  const named = all.filter(({ environment }) => words.includes(environment));
  return named.length > 0 ? named : all;
}

/** `of` is a placeholder: "environment", "upgrade" …; of kinds that nobody knows there are no names. */
export async function namesOf(of: string, home: string, words: string[]): Promise<Candidate[]> {
  if (of === "step") return stepNames();
  const find = FINDERS[of];
  if (!find) return [];
  try {
    return find(await createClient(home, ANSWER_MS).get<EnvironmentSummary[]>("/environments"), words);
  } catch {
    // A line that is being typed is no place for a problem: then there is nothing to offer.
    return [];
  }
}

async function stepNames(): Promise<Candidate[]> {
  // Loaded only for this: the steps bring half of the program with them.
  const { steps } = await import("../steps/registry.ts");
  return [...steps.keys()].map((name) => ({ value: name, says: "step" }));
}
