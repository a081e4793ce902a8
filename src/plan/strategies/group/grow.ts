/** A scaling group grows: servers like those that serve, good by every check before the public reaches them. */
import type { Install } from "../../../model/application.ts";
import type { Plan, Stage } from "../../../model/plan.ts";
import type { ServerRecord } from "../../../model/provider.ts";
import { assertGroup } from "../../../steps/assert-group.ts";
import { type BootOf, bootSteps } from "../../boot.ts";
import { install, launch, startInPool, startWorkers, timesOf } from "../../launching.ts";
import { endpointPorts, everyRecord, Layout } from "../../layout.ts";
import { act, atOnce, inOrder } from "../../stage.ts";
import { runsWorker } from "../../blue.ts";
import { castGroup, type GroupCast, type GroupInput, refused, workersIn } from "./cast.ts";

const WAY_BACK = "retire what was launched; nothing that served before was touched";

/** `now` becomes the new servers' age. */
export function planGrow(input: GroupInput & { servers: number; now: number }): Plan {
  const { definition, network, inventory, group, servers, now } = input;
  const cast = castGroup(input);
  const { blue, loadBalancers, expects } = cast;
  const model = modelOf(cast, group);
  const layout = new Layout(definition.environment, network, everyRecord(inventory));
  const added = Array.from({ length: servers }, (_, at) => ({
    record: layout.next("application", group, {
      ...{ slot: blue.slot, group, clonedFrom: model.name, launchedAt: String(now) },
    }),
    wanted: throughOneOf(model.installed, input, cast, blue.applications.length + at),
  }));
  const records = added.map(({ record }) => record);
  const running = blue.applications.filter(runsWorker).length;
  const lacking = workersIn(definition, blue.release, blue.applications.length + servers) - running;
  const workers = records.slice(0, Math.max(0, lacking)).map(({ name }) => name);
  return {
    format: 1,
    environment: definition.environment,
    strategy: "grow-group",
    from: blue.release,
    to: blue.release,
    stages: [
      inOrder("Look again", WAY_BACK, [
        act(assertGroup, { ...expects, to: expects.has.length + servers, leaving: [] }),
      ]),
      atOnce(
        "Launch servers like those that serve",
        WAY_BACK,
        records.map((one) => launch(definition, one, "retire")),
      ),
      ...booted(input.boot, records),
      atOnce(
        "Install what serves",
        WAY_BACK,
        added.map(({ record, wanted }) => install(definition, record.name, wanted)),
      ),
      inOrder("Let the public in when every check holds", WAY_BACK, [
        ...startInPool(definition, records, { loadBalancers, slot: blue.slot, graceMs: timesOf(definition).graceMs }),
        ...startWorkers(definition, workers),
      ]),
    ],
    afterWayBack: [],
    failAt: null,
  };
}

/** At once: they may wait for each other's values. */
function booted(boot: BootOf | undefined, records: readonly ServerRecord[]): Stage[] {
  const steps = records.flatMap((record) => bootSteps(boot, record, "retire"));
  return steps.length === 0 ? [] : [atOnce("Boot them", WAY_BACK, steps)];
}

/** A server of the group when it has one: they are alike, and what is different about a fixed server is its own. */
function modelOf({ blue, members }: GroupCast, group: string): { name: string; installed: Install } {
  const model = [...members, ...blue.applications].find(({ installed }) => installed?.release === blue.release);
  if (model?.installed) return { name: model.record.name, installed: model.installed };
  throw refused(group, "no server that serves holds a release", "changeover status");
}

/** Each finds its database through one of the load balancers, in turn. */
function throughOneOf(like: Install, { definition }: GroupInput, { blue }: GroupCast, turn: number): Install {
  const through = blue.loadBalancers[turn % blue.loadBalancers.length];
  return { ...like, database: { address: through?.record.address ?? "", port: endpointPorts(definition)[blue.slot] } };
}
