/** Draws who has open sessions where, from what was seen just now. Pure. */
import type { Inventory } from "../model/inventory.ts";
import type { Member, Slot } from "../model/load-balancer.ts";

export interface SessionsView {
  environment: string;
  readAt: number;
  servers: ServerSessions[];
}

export interface ServerSessions {
  server: string;
  slot: Slot;
  /** Over all load balancers. */
  sessions: number;
  on: { loadBalancer: string; state: Member["state"]; healthy: boolean; sessions: number }[];
}

export function viewSessions({ environment, readAt, loadBalancers }: Inventory): SessionsView {
  const servers: ServerSessions[] = [];
  for (const slot of ["a", "b"] as const) {
    const seen = loadBalancers.flatMap(({ record, members }) =>
      members[slot].map((member) => ({ member, loadBalancer: record.name })),
    );
    for (const server of new Set(seen.map(({ member }) => member.server))) {
      const on = seen
        .filter(({ member }) => member.server === server)
        .map(({ loadBalancer, member: { state, healthy, sessions } }) => ({ loadBalancer, state, healthy, sessions }));
      servers.push({ server, slot, sessions: on.reduce((sum, { sessions }) => sum + sessions, 0), on });
    }
  }
  return { environment, readAt, servers };
}

export function drawSessions({ environment, readAt, servers }: SessionsView): string[] {
  const head = `${environment}, seen ${new Date(readAt).toISOString()}`;
  if (servers.length === 0) return [head, "  no server is in a pool"];
  return [
    head,
    ...servers.map(({ server, slot, sessions, on }) => {
      const each = on.map(({ loadBalancer, state, sessions: open }) => `${loadBalancer} ${open}${words(state)}`);
      return `  ${server.padEnd(10)} pool ${slot}  ${String(sessions).padStart(5)} open  (${each.join(", ")})`;
    }),
  ];
}

const words = (state: Member["state"]): string => (state === "ready" ? "" : `, ${state}`);
