/** Makes a clone to rehearse on: the same servers as another environment, with a proven copy of its data and nothing shared. */
import type { Plan } from "../../model/plan.ts";
import type { ServerRecord } from "../../model/provider.ts";
import { assertIsolated } from "../../steps/assert-isolated.ts";
import { copyData } from "../../steps/copy-data.ts";
import { installRelease } from "../../steps/install-release.ts";
import { lendReplica } from "../../steps/lend-replica.ts";
import { renewAccounts } from "../../steps/renew-accounts.ts";
import { returnReplica } from "../../steps/return-replica.ts";
import { databaseEndpoint, installMs, ms } from "../layout.ts";
import type { Blue } from "../blue.ts";
import { act, atOnce, inOrder } from "../stage.ts";
import {
  bootStages,
  type BringUpInput,
  firstInstalls,
  firstServers,
  launchStage,
  openFirst,
  openStages,
  RETIRE,
  startLoadBalancers,
} from "./bring-up.ts";

export interface CloneInput extends BringUpInput {
  /** The environment that is cloned, by name, and who serves in it. */
  origin: string;
  blue: Blue;
}

export function planClone(input: CloneInput): Plan {
  const { definition } = input;
  const servers = firstServers(input);
  const { loadBalancers, primary, replica, applications } = servers;
  const installs = firstInstalls(input, loadBalancers, applications);
  const asserted = {
    origin: input.origin,
    loadBalancers: loadBalancers.map(({ name }) => name),
    applications: installs,
    ...launchesOf(input, applications),
  };
  return {
    format: 1,
    environment: definition.environment,
    strategy: "clone",
    from: "",
    to: definition.release,
    stages: [
      launchStage(definition, loadBalancers, [primary], applications),
      atOnce("Start load balancers", RETIRE, startLoadBalancers(input, loadBalancers)),
      inOrder(`Copy the data of ${input.origin}`, RETIRE, copySteps(input, primary.name)),
      inOrder("Open the database", RETIRE, [
        act(renewAccounts, { server: primary.name, origin: input.origin }),
        ...openFirst(definition, loadBalancers, primary, replica),
        act(assertIsolated, asserted),
      ]),
      ...bootStages(input, applications),
      atOnce(
        "Install the release",
        RETIRE,
        installs.map(({ server, install }) => act(installRelease, { server, install, limitMs: installMs(definition) })),
      ),
      ...openStages(input, servers),
    ],
    afterWayBack: [],
    failAt: null,
  };
}

function launchesOf({ boot }: CloneInput, applications: ServerRecord[]) {
  const launches = applications.flatMap((record) => {
    const launch = boot?.(record)?.launch;
    return launch ? [{ server: record.name, launch }] : [];
  });
  return launches.length === 0 ? {} : { launches };
}

/** The replica that is lent stands still for no longer than the copy takes. */
function copySteps({ definition, origin, blue }: CloneInput, server: string) {
  const { limits } = definition;
  const lent = blue.replicas.find(({ health }) => health.replicating)?.record.name ?? "";
  const primaryEndpoint = databaseEndpoint(definition, blue.primary.record);
  return [
    act(lendReplica, { environment: origin, replica: lent, primary: primaryEndpoint }),
    act(copyData, { environment: origin, source: lent, server, copyMs: ms(limits.copySeconds) }),
    act(returnReplica, {
      environment: origin,
      replica: lent,
      primary: blue.primary.record.name,
      primaryEndpoint,
      withinMs: ms(limits.syncSeconds),
    }),
  ];
}
