/** Letting servers go: no new sessions, then time for the open ones to end; what every plan puts before it retires a server. */
import type { EnvironmentDefinition } from "../model/environment.ts";
import type { Slot } from "../model/load-balancer.ts";
import type { PlanStep } from "../model/plan.ts";
import { awaitNoSessions } from "../steps/await-no-sessions.ts";
import { drainMembers } from "../steps/drain-members.ts";
import { ms } from "./layout.ts";
import { act } from "./stage.ts";

/** How long open sessions may go on once a server gets no new ones. */
export const sessionsMs = ({ limits }: EnvironmentDefinition): number =>
  ms(limits.sessionsSeconds ?? limits.drainSeconds);

export function letSessionsEnd(
  definition: EnvironmentDefinition,
  pool: { loadBalancers: string[]; slot: Slot },
  servers: { name: string; address: string }[],
): PlanStep[] {
  const members = servers.map(({ name, address }) => ({ server: name, address, port: definition.application.port }));
  return [
    act(drainMembers, { ...pool, members }),
    act(awaitNoSessions, { ...pool, servers: servers.map(({ name }) => name), withinMs: sessionsMs(definition) }),
  ];
}
