/** Where requests go: the route of each host name, and the share of the public that the other slot gets. */
/*
 * The share is kept under the slot that the public route leads to while it holds. A request looks up the route, then
 * the share of that slot. So a swap first clears the share of the slot to come, which nothing looks up yet, and then
 * flips the route: at each moment, also after a crash in between, a request finds the old route with its share or the
 * new route with none. What stays under the old slot means nothing and is cleared before the route returns to it.
 */
import type { Host } from "../../model/host.ts";
import type { LoadBalancer, Route, Slot } from "../../model/load-balancer.ts";
import { checkShare } from "../../model/load-balancer-check.ts";
import { Problem } from "../../model/problem.ts";
import type { Maps } from "./maps.ts";

type Routing = Pick<LoadBalancer, "readRoute" | "setRoute" | "readShare" | "setShare">;

const NONE = "0";

export function createRouting(host: Host, maps: Maps): Routing {
  const readRoute = async (route: Route): Promise<Slot | null> => {
    const slot = await maps.read("routes", route);
    if (slot === "a" || slot === "b") return slot;
    if (slot === "none") return null;
    throw new Problem("step-failed", {
      what: `the ${route} route of "${host.name}" points nowhere we know`,
      why: `its map says ${JSON.stringify(slot)}`,
      next: "changeover up",
    });
  };
  /** A process that was started before there were shares gives none. */
  const canShare = () => maps.loaded("share");

  return {
    readRoute,
    setRoute: async (route, slot) => {
      if (route === "public" && slot !== null && (await canShare())) await maps.set("share", slot, NONE);
      await maps.set("routes", route, slot ?? "none");
    },
    readShare: async () => {
      const slot = await readRoute("public");
      if (slot === null || !(await canShare())) return 0;
      return Number((await maps.read("share", slot)) ?? NONE);
    },
    setShare: async (percent) => {
      checkShare(percent);
      const slot = await readRoute("public");
      if (slot !== null && (await canShare())) await maps.set("share", slot, String(percent));
      else if (percent > 0) throw noShare(host, slot);
    },
  };
}

function noShare(host: Host, slot: Slot | null): Problem {
  const [why, next] =
    slot === null
      ? ["its public route leads nowhere", "lead the public to a pool first"]
      : ["its process was started before it could", "changeover up, which starts it anew"];
  return new Problem("refused", { what: `"${host.name}" can't give a share of the public`, why, next });
}
