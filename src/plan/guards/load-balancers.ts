/** Guards about the load balancers: they run, the public passes, and nothing of an earlier upgrade is left on them. */
import type { SeenLoadBalancer } from "../../model/inventory.ts";
import { type Guard, refuses, type Wish } from "./guard.ts";

const named = (loadBalancers: SeenLoadBalancer[]): string => loadBalancers.map(({ record }) => record.name).join(", ");

export const loadBalancersRun: Guard<Wish> = {
  name: "every load balancer runs",
  finds({ blue }) {
    const down = blue.loadBalancers.filter(({ running }) => !running);
    return down.length > 0 ? refuses(`down: ${named(down)}`, "changeover doctor") : null;
  },
};

export const publicPasses: Guard<Wish> = {
  name: "nothing is held or paged",
  finds({ blue, definition }) {
    const shut = blue.loadBalancers.filter(({ maintenance, held }) => maintenance || held);
    const next = `changeover status ${definition.environment}`;
    return shut.length > 0 ? refuses(`the public does not pass ${named(shut)}`, next) : null;
  },
};

export const nothingLeft: Guard<Wish> = {
  name: "nothing is left of an earlier upgrade",
  finds({ blue, definition }) {
    const left = blue.loadBalancers.filter(
      ({ routes, testers, members }) => routes.test !== null || testers > 0 || members[blue.green].length > 0,
    );
    const next = `changeover status ${definition.environment}`;
    return left.length > 0 ? refuses(`test route, testers or old members on ${named(left)}`, next) : null;
  },
};
