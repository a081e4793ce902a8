/** Guards about the servers that serve now: as many as there should be, and every one of them good everywhere. */
import type { Blue } from "../blue.ts";
import { type Guard, refuses, type Wish } from "./guard.ts";

/** As `server on load-balancer`. */
function notHealthy({ applications, loadBalancers, slot }: Blue): { server: string; on: string }[] {
  return loadBalancers.flatMap(({ record, members }) => {
    const good = new Set(
      members[slot].filter(({ healthy, state }) => healthy && state === "ready").map(({ server }) => server),
    );
    return applications
      .map((one) => one.record.name)
      .filter((name) => !good.has(name))
      .map((server) => ({ server, on: record.name }));
  });
}

export const oldServersHealthy: Guard<Wish> = {
  name: "every old server is healthy in every pool",
  finds({ blue, definition }) {
    const bad = notHealthy(blue);
    if (bad.length === 0) return null;
    const why = `not healthy: ${bad.map(({ server, on }) => `${server} on ${on}`).join(", ")}`;
    return refuses(why, `changeover status ${definition.environment}`);
  },
};

/** An upgrade brings as many new servers as there are old ones: too few now are too few afterwards. */
export const enoughOldServers: Guard = {
  name: "there are as many old servers as the file says",
  finds({ blue, definition, groupSize }) {
    const { servers, group } = definition.application;
    const wanted = servers + (groupSize ?? group?.size ?? 0);
    const bad = new Set(notHealthy(blue).map(({ server }) => server));
    const good = blue.applications.filter(({ record }) => !bad.has(record.name)).length;
    if (good >= wanted) return null;
    return refuses(`${good} of ${wanted} serve and are healthy`, `changeover drift ${definition.environment}`);
  },
};
