/** Puts a clone in the place of a server that went bad, and keeps the bad one for whoever looks for the cause. */
import type { SeenApplication } from "../../../model/inventory.ts";
import type { Plan, PlanStep } from "../../../model/plan.ts";
import { Problem } from "../../../model/problem.ts";
import type { ServerRecord } from "../../../model/provider.ts";
import { joinPool } from "../../../steps/join-pool.ts";
import { putAside } from "../../../steps/put-aside.ts";
import type { Boot } from "../../boot.ts";
import { membersOf } from "../../launching.ts";
import { everyRecord, installOf, Layout, ms } from "../../layout.ts";
import { act, inOrder } from "../../stage.ts";
import { type Ground, planOf, type Serving, servingServer } from "./ground.ts";
import { launchSteps, startRoleOn } from "./launching.ts";

/** Nothing is mended in place: the seeds' first principle. */
export function planReplace(ground: Ground, name: string): Plan {
  const { definition } = ground;
  const bad = servingServer(ground, name, "replaced");
  const record = recordOf(ground, bad);
  const members = membersOf(definition, [record]);
  return planOf(ground, "replace-server", [
    inOrder(`Clone a server in the place of "${name}"`, "retire the clone; the pool is what it was", [
      ...launchSteps(definition, { record, install: installFor(ground, bad), boot: bootFor(ground, bad) }),
      act(joinPool, { ...bad.pool, members, healthyMs: ms(definition.limits.healthySeconds) }),
    ]),
    inOrder(`Put "${name}" aside`, "put it back into the pool, bad as it is, and retire the clone", [
      ...bad.leave,
      act(putAside, { server: name, graceMs: ms(definition.limits.stopSeconds) }),
      ...worker(ground, bad.server, record.name),
    ]),
  ]);
}

function recordOf({ definition, network, inventory }: Ground, { server, pool: { slot } }: Serving): ServerRecord {
  const { group } = server.record.labels;
  const labels = { slot, clonedFrom: server.record.name, ...(group ? { group } : {}) };
  return new Layout(definition.environment, network, everyRecord(inventory)).next(
    "application",
    group ?? "app",
    labels,
  );
}

/** What the bad one itself runs with; where it does not say, what another one of its generation does. */
function installFor({ definition }: Ground, { blue, server, pool: { slot } }: Serving) {
  const known = server.installed ?? blue.applications.find(({ installed }) => installed !== null)?.installed;
  if (!known) {
    throw new Problem("refused", {
      what: `"${server.record.name}" can't be replaced`,
      why: "nobody in its pool says which release is installed",
      next: `changeover status ${definition.environment}`,
    });
  }
  const loadBalancers = blue.loadBalancers.map(({ record }) => record);
  const turn = blue.applications.indexOf(server);
  return {
    ...known,
    database: installOf(definition, known.release, known.artefact, { loadBalancers, slot, turn }).database,
  };
}

/** As it was launched itself; where it does not say, as another one of its generation was. */
const bootFor = ({ boots }: Ground, { blue, server }: Serving): Boot | null =>
  [server, ...blue.applications].map(({ record }) => boots.get(record.name)).find((boot) => boot !== undefined) ?? null;

/** Only when the bad one's has ended: some jobs must not run twice. */
const worker = ({ definition }: Ground, { roles }: SeenApplication, name: string): PlanStep[] =>
  roles.worker === "running" || roles.worker === "failing" ? [startRoleOn(definition, name, "worker")] : [];
