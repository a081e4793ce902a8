/** Guards: one rule each, with a name, a reason and the next command; a plan is only made when all of them hold. */
import type { EnvironmentDefinition } from "../model/environment.ts";
import { Problem } from "../model/problem.ts";
import type { Blue } from "./blue.ts";

export interface GuardInput {
  definition: EnvironmentDefinition;
  blue: Blue;
  to: string;
}

export interface Guard {
  name: string;
  /** Null when it holds. */
  finds(input: GuardInput): { why: string; next: string } | null;
}

export const guards: readonly Guard[] = [
  {
    name: "the release is known",
    finds: ({ definition, to }) =>
      definition.releases[to]
        ? null
        : {
            why: `release "${to}" is not among ${Object.keys(definition.releases).join(", ")}`,
            next: "add it to the environment file",
          },
  },
  {
    name: "the release is another one",
    finds: ({ blue, to }) =>
      blue.release === to ? { why: `release ${to} is what serves now`, next: "name another release with --to" } : null,
  },
  {
    name: "the release migrates",
    finds: ({ definition, to }) =>
      definition.releases[to]?.migrate
        ? null
        : {
            why: `release ${to} has no migrate command, so it needs no major upgrade`,
            next: "give it a migrate command",
          },
  },
  {
    name: "every load balancer runs",
    finds: ({ blue }) => {
      const down = blue.loadBalancers.filter(({ running }) => !running).map(({ record }) => record.name);
      return down.length > 0 ? { why: `down: ${down.join(", ")}`, next: "changeover doctor" } : null;
    },
  },
  {
    name: "nothing is held or paged",
    finds: ({ blue }) => {
      const shut = blue.loadBalancers
        .filter(({ maintenance, held }) => maintenance || held)
        .map(({ record }) => record.name);
      return shut.length > 0 ? { why: `the public does not pass ${shut.join(", ")}`, next: "changeover status" } : null;
    },
  },
  {
    name: "nothing is left of an earlier upgrade",
    finds: ({ blue }) => {
      const left = blue.loadBalancers
        .filter(({ routes, testers, members }) => routes.test !== null || testers > 0 || members[blue.green].length > 0)
        .map(({ record }) => record.name);
      return left.length > 0
        ? { why: `test route, testers or old members on ${left.join(", ")}`, next: "changeover status" }
        : null;
    },
  },
  {
    name: "every old server is healthy in every pool",
    finds: ({ blue }) => {
      const names = blue.applications.map(({ record }) => record.name);
      const bad = blue.loadBalancers.flatMap(({ record, members }) => {
        const good = members[blue.slot].filter(({ healthy, state }) => healthy && state === "ready");
        const known = new Set(good.map(({ server }) => server));
        return names.filter((name) => !known.has(name)).map((name) => `${name} on ${record.name}`);
      });
      return bad.length > 0 ? { why: `not healthy: ${bad.join(", ")}`, next: "changeover status" } : null;
    },
  },
  {
    name: "one writable primary",
    finds: ({ blue }) => {
      const writable = [blue.primary, ...blue.replicas]
        .filter(({ health }) => health.writable)
        .map(({ record }) => record.name);
      return writable.length === 1 && writable[0] === blue.primary.record.name
        ? null
        : { why: `writable: ${writable.join(", ") || "none"}`, next: "changeover status" };
    },
  },
  {
    name: "a replica follows the primary",
    finds: ({ blue }) =>
      blue.replicas.some(({ health }) => health.replicating && health.following === blue.primary.record.address)
        ? null
        : { why: "no replica replicates from the primary", next: "changeover status" },
  },
];

/** Throws one Problem that names every guard that does not hold. */
export function mustPass(input: GuardInput): void {
  const found = guards.flatMap((guard) => {
    const finding = guard.finds(input);
    return finding ? [{ name: guard.name, ...finding }] : [];
  });
  const [first] = found;
  if (!first) return;
  throw new Problem("refused", {
    what: `the upgrade of "${input.definition.environment}" to ${input.to} can't be planned`,
    why: found.map(({ name, why }) => `guard "${name}": ${why}`).join("; "),
    next: first.next,
  });
}
