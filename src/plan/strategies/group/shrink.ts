/** A scaling group shrinks: servers are drained, leave the pool and are retired; their workers' work goes on elsewhere. */
import type { Plan } from "../../../model/plan.ts";
import { assertGroup } from "../../../steps/assert-group.ts";
import { leaveService } from "../../../steps/leave-service.ts";
import { retireServers } from "../../../steps/retire-servers.ts";
import { decommissionSteps } from "../../boot.ts";
import { membersOf, startWorkers, timesOf } from "../../launching.ts";
import { checksOf, ms } from "../../layout.ts";
import { letSessionsEnd } from "../../sessions.ts";
import { act, inOrder } from "../../stage.ts";
import { runsWorker } from "../../blue.ts";
import { castGroup, type GroupInput, workersIn } from "./cast.ts";

const WAY_BACK = "start the servers again and put them back into the pool";

export function planShrink(input: GroupInput & { leaving: readonly string[] }): Plan {
  const { definition, leaving } = input;
  const { blue, loadBalancers, expects } = castGroup(input);
  const going = blue.applications.filter(({ record }) => leaving.includes(record.name));
  const staying = blue.applications.filter(({ record }) => !leaving.includes(record.name));
  const lacking = workersIn(definition, blue.release, staying.length) - staying.filter(runsWorker).length;
  const free = staying.filter((one) => !runsWorker(one) && one.roles.web === "running");
  const heirs = free.slice(0, Math.max(0, lacking)).map(({ record }) => record.name);
  const records = going.map(({ record }) => record);
  const names = records.map(({ name }) => name);
  const pool = { loadBalancers, slot: blue.slot };
  return {
    format: 1,
    environment: definition.environment,
    strategy: "shrink-group",
    from: blue.release,
    to: blue.release,
    stages: [
      inOrder("Look again", WAY_BACK, [
        act(assertGroup, { ...expects, to: expects.has.length - names.length, leaving: names }),
      ]),
      inOrder("Drain", WAY_BACK, [
        ...startWorkers(definition, heirs),
        ...letSessionsEnd(definition, pool, records),
        act(leaveService, {
          ...pool,
          members: membersOf(definition, records),
          workers: going.filter(runsWorker).map(({ record }) => record.name),
          drainMs: ms(definition.limits.drainSeconds),
          ...timesOf(definition),
          good: checksOf(definition, "with-clean-up"),
        }),
      ]),
      inOrder("Retire", "none is needed: launch others", [
        ...decommissionSteps(records),
        act(retireServers, { servers: names, pool: null }),
      ]),
    ],
    afterWayBack: [],
    failAt: null,
  };
}
