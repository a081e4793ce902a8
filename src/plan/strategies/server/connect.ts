/** Puts a tested server into the pool that serves, or takes one out and lets it stand apart. */
import type { Plan } from "../../../model/plan.ts";
import { Problem } from "../../../model/problem.ts";
import { joinPool } from "../../../steps/join-pool.ts";
import { labelServer } from "../../../steps/label-server.ts";
import { probeServers } from "../../../steps/probe-servers.ts";
import { readBlue } from "../../blue.ts";
import { membersOf } from "../../launching.ts";
import { checksOf, ms } from "../../layout.ts";
import { act, inOrder } from "../../stage.ts";
import { findServer, type Ground, ISOLATED, isIsolated, planOf, servingServer, standing } from "./ground.ts";

const APART = { [ISOLATED]: "yes" };

export function planConnect(ground: Ground, name: string): Plan {
  const { definition, inventory } = ground;
  const server = findServer(ground, name);
  if (!isIsolated(server) || server.roles.web !== "running") {
    throw new Problem("refused", {
      what: `"${name}" can't be connected`,
      why: isIsolated(server) ? `its web is ${server.roles.web}` : standing(server),
      next: `changeover server show ${definition.environment} ${name}`,
    });
  }
  const { slot, loadBalancers } = readBlue(inventory);
  return planOf(ground, "connect-server", [
    inOrder(`Put "${name}" into the pool that serves`, "take it out again; the others serve on", [
      // Tested once more: what was good when it was launched may be so no longer.
      act(probeServers, {
        servers: [name],
        good: checksOf(definition, "with-clean-up"),
        withinMs: ms(definition.limits.healthySeconds),
      }),
      act(labelServer, { server: name, before: APART, after: { slot }, means: `it serves in pool ${slot}` }),
      act(joinPool, {
        loadBalancers: loadBalancers.map(({ record }) => record.name),
        slot,
        members: membersOf(definition, [server.record]),
        healthyMs: ms(definition.limits.healthySeconds),
      }),
    ]),
  ]);
}

export function planDisconnect(ground: Ground, name: string): Plan {
  const { leave, pool } = servingServer(ground, name, "disconnected");
  return planOf(ground, "disconnect-server", [
    inOrder(`Take "${name}" out of the pool that serves`, "put it in again", [
      ...leave,
      act(labelServer, {
        server: name,
        before: { slot: pool.slot },
        after: APART,
        means: "it stands apart and serves nobody",
      }),
    ]),
  ]);
}
