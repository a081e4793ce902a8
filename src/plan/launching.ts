/** What a new application server goes through until it serves, in one place for whoever launches one. */
import type { Install } from "../model/application.ts";
import type { EnvironmentDefinition } from "../model/environment.ts";
import type { Slot } from "../model/load-balancer.ts";
import type { PlanStep } from "../model/plan.ts";
import type { ServerRecord } from "../model/provider.ts";
import { installRelease } from "../steps/install-release.ts";
import { joinPool } from "../steps/join-pool.ts";
import { launchServer } from "../steps/launch-server.ts";
import { startRole } from "../steps/start-role.ts";
import { checksOf, installMs, ms } from "./layout.ts";
import { act } from "./stage.ts";

/** First each of them, side by side; `keep`: for diagnosis, when it is taken back. */
export const launch = (definition: EnvironmentDefinition, record: ServerRecord, onUndo: "retire" | "keep"): PlanStep =>
  act(launchServer, { record, ports: [definition.application.port], onUndo });

/** Then each of them, side by side. */
export const install = (definition: EnvironmentDefinition, server: string, wanted: Install): PlanStep =>
  act(installRelease, { server, install: wanted, limitMs: installMs(definition) });

/** Then all of them: good by every check on the server itself, then by every load balancer; `graceMs` where the public comes. */
export function startInPool(
  definition: EnvironmentDefinition,
  servers: ServerRecord[],
  pool: { loadBalancers: string[]; slot: Slot; graceMs?: number },
): PlanStep[] {
  const times = timesOf(definition);
  const names = servers.map(({ name }) => name);
  return [
    act(startRole, { servers: names, role: "web", good: checksOf(definition, "with-clean-up"), ...times }),
    act(joinPool, {
      ...{ ...pool, members: membersOf(definition, servers) },
      ...{ healthyMs: times.healthyMs, drainMs: ms(definition.limits.drainSeconds) },
    }),
  ];
}

export const startWorkers = (definition: EnvironmentDefinition, servers: string[]): PlanStep[] =>
  servers.length > 0 ? [act(startRole, { servers, role: "worker", good: null, ...timesOf(definition) })] : [];

export const membersOf = ({ application }: EnvironmentDefinition, servers: ServerRecord[]) =>
  servers.map(({ name: server, address }) => ({ server, address, port: application.port }));

export const timesOf = ({ limits }: EnvironmentDefinition) => ({
  healthyMs: ms(limits.healthySeconds),
  graceMs: ms(limits.stopSeconds),
});
