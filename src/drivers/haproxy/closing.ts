/** Sends clients of an address away: the answer to each asks them to come again by a new connection. */
import type { LoadBalancer } from "../../model/load-balancer.ts";
import { checkAddress } from "../../model/load-balancer-check.ts";
import type { Maps } from "./maps.ts";

type Closing = Pick<LoadBalancer, "readClosing" | "setClosing">;

const SOME_PORT = 1;

export const createClosing = (maps: Maps): Closing => ({
  readClosing: async (address) => (await maps.read("closing", address)) === "on",
  setClosing: async (address, closing) => {
    checkAddress({ address, port: SOME_PORT });
    await maps.set("closing", address, closing ? "on" : "off");
  },
});
