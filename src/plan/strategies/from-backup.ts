/** Brings an environment up with the data of another one's backup: nothing shared, accounts of its own, a first backup of its own. */
import type { Plan } from "../../model/plan.ts";
import type { ServerRecord } from "../../model/provider.ts";
import { fillFromBackup } from "../../steps/fill-from-backup.ts";
import { installRelease } from "../../steps/install-release.ts";
import { renewAccounts } from "../../steps/renew-accounts.ts";
import { installMs, Layout, ms } from "../layout.ts";
import { act, atOnce, inOrder } from "../stage.ts";
import { backupSteps } from "./backup/backup.ts";
import {
  apartStage,
  apartStep,
  type BringUpInput,
  firstInstalls,
  firstServers,
  launchStage,
  openFirst,
  openStages,
  RETIRE,
  startLoadBalancers,
} from "./bring-up.ts";

export interface DataSource {
  /** Another environment, its server that holds the backup, and the backup. */
  environment: string;
  holder: string;
  backup: string;
}

/** An environment with another one's data is apart from it and all others, whatever its file says. */
export function planFromBackup(input: BringUpInput & { source: DataSource }): Plan {
  const { definition, source } = input;
  const servers = firstServers(input);
  const { loadBalancers, primary, replica, applications } = servers;
  const spare = spareBeside(input, Object.values(servers).flat());
  const copyMs = ms(definition.limits.copySeconds);
  return {
    format: 1,
    environment: definition.environment,
    strategy: "from-backup",
    from: "",
    to: definition.release,
    stages: [
      ...apartStage({ isolation: { ...definition.isolation, strict: true } }),
      launchStage(definition, loadBalancers, [primary], applications),
      atOnce("Start load balancers", RETIRE, startLoadBalancers(input, loadBalancers)),
      inOrder(`Take the data of ${source.environment}`, RETIRE, [
        act(fillFromBackup, { ...source, server: primary.name, copyMs }),
      ]),
      inOrder("Open the database", RETIRE, [
        act(renewAccounts, { server: primary.name, origin: source.environment }),
        ...openFirst(definition, loadBalancers, primary, replica),
        apartStep(loadBalancers),
      ]),
      inOrder("First backup of its own", RETIRE, [
        ...backupSteps(definition, { primary, replica: replica.name, spare }, "person"),
      ]),
      atOnce(
        "Install the release",
        RETIRE,
        firstInstalls(input, loadBalancers, applications).map(({ server, install }) =>
          act(installRelease, { server, install, limitMs: installMs(definition) }),
        ),
      ),
      ...openStages(input, servers),
    ],
    afterWayBack: [],
    failAt: null,
  };
}

const spareBeside = ({ definition, network }: BringUpInput, present: ServerRecord[]): ServerRecord =>
  new Layout(definition.environment, network, present).next("database", "spare", { role: "spare" });
