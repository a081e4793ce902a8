/** Retires one server for good: out of the pool and drained where it serves, then ended. */
import type { Plan } from "../../../model/plan.ts";
import { retireServers } from "../../../steps/retire-servers.ts";
import { decommissionSteps } from "../../boot.ts";
import { readBlue } from "../../blue.ts";
import { act, inOrder } from "../../stage.ts";
import { findServer, type Ground, mustNotBeLocked, planOf, servingServer } from "./ground.ts";

export function planRetire(ground: Ground, name: string): Plan {
  const server = findServer(ground, name);
  mustNotBeLocked(server, "retired");
  const retire = act(retireServers, { servers: [name], pool: null });
  const serves = readBlue(ground.inventory).applications.includes(server);
  return planOf(ground, "retire-server", [
    ...(serves
      ? [inOrder(`Take "${name}" out of the pool`, "put it in again", servingServer(ground, name, "retired").leave)]
      : []),
    inOrder(`Retire "${name}"`, "there is none: it is gone for good; a clone can take its place", [
      ...decommissionSteps([server.record]),
      retire,
    ]),
  ]);
}
