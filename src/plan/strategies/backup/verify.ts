/** Verifies a backup that lies there: started on a spare, compared with what was written down when it was taken. */
import type { HeldBackup } from "../../../model/backup.ts";
import type { EnvironmentDefinition } from "../../../model/environment.ts";
import type { Inventory } from "../../../model/inventory.ts";
import type { Network } from "../../../model/network.ts";
import type { Plan } from "../../../model/plan.ts";
import { retireSpare } from "../../../steps/retire-spare.ts";
import { startBackup } from "../../../steps/start-backup.ts";
import { readBlue } from "../../blue.ts";
import { everyRecord, Layout, ms } from "../../layout.ts";
import { act, inOrder } from "../../stage.ts";

export interface VerifyInput {
  definition: EnvironmentDefinition;
  network: Network;
  inventory: Inventory;
  held: HeldBackup;
}

export function planVerify({ definition, network, inventory, held }: VerifyInput): Plan {
  const { release } = readBlue(inventory);
  const record = new Layout(definition.environment, network, everyRecord(inventory)).next("database", "spare", {
    role: "spare",
  });
  return {
    format: 1,
    environment: definition.environment,
    strategy: "verify-backup",
    from: release,
    to: release,
    stages: [
      inOrder("Verify the backup", "retire the spare; nothing that serves was touched", [
        act(startBackup, {
          holder: held.server,
          backup: held.backup.id,
          record,
          copyMs: ms(definition.limits.copySeconds),
          serves: null,
        }),
        act(retireSpare, { spare: record.name }),
      ]),
    ],
    afterWayBack: [],
    failAt: null,
  };
}
