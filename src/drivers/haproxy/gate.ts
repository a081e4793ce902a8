/** What stands between the public and the application: the maintenance page, and the hold with its lease. */
import type { Host } from "../../model/host.ts";
import type { LoadBalancer } from "../../model/load-balancer.ts";
import { checkHold } from "../../model/load-balancer-check.ts";
import type { Maps } from "./maps.ts";

type Gate = Pick<LoadBalancer, "readMaintenance" | "setMaintenance" | "hold" | "release" | "readHold">;

const RELEASED = "0";

export function createGate(host: Host, maps: Maps): Gate {
  const leftMs = async () => {
    const deadline = Number((await maps.read("hold", "public")) ?? RELEASED);
    return deadline === 0 ? null : Math.max(0, deadline - (await host.readClock()));
  };
  /** A hold that nobody renewed and that was told to end in the page is the page, whatever the switch says. */
  const lapsedToPage = async () => (await leftMs()) === 0 && (await maps.read("lapse", "public")) === "page";
  const release = () => maps.set("hold", "public", RELEASED);

  return {
    readMaintenance: async () => (await maps.read("maintenance", "public")) === "on" || (await lapsedToPage()),
    setMaintenance: async (on) => {
      await maps.set("maintenance", "public", on ? "on" : "off");
      if (!on && (await lapsedToPage())) await release();
    },
    hold: async ({ seconds, lapsesTo }) => {
      checkHold(seconds);
      // The ending first: a lease must never run out under the ending of the one before.
      await maps.set("lapse", "public", lapsesTo);
      await maps.set("hold", "public", String((await host.readClock()) + Math.ceil(seconds * 1000)));
    },
    release,
    readHold: async () => {
      const left = (await leftMs()) ?? 0;
      return { held: left > 0, leftMs: left };
    },
  };
}
