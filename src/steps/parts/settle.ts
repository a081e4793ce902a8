/** Walks the written table of src/model/switchover.ts until blue has exactly one writable primary again. */
import { Problem } from "../../model/problem.ts";
import type { Database } from "../../model/database.ts";
import type { Slot } from "../../model/load-balancer.ts";
import type { StepContext } from "../../model/step.ts";
import { nextAction, type SwitchoverAction, type SwitchoverFacts } from "../../model/switchover.ts";
import { each } from "./each.ts";

export interface Switchover {
  primary: string;
  standby: string;
  loadBalancers: string[];
  /** Blue's slot: its endpoint is what is moved. */
  slot: Slot;
  /** Where the migration runs, to learn from the world whether it ever began. */
  migrator: string;
}

/** More rounds than the table has rows on any path. */
const ROUNDS = 8;

export const migrationJob = (context: StepContext): string => `migrate-${context.upgrade}`;

export async function settleDatabase(context: StepContext, switchover: Switchover): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const row = nextAction(await readFacts(context, switchover));
    if (row.action === "done") return;
    if (row.action === "ask") throw needsPerson(row.because);
    await act(context, switchover, row.action);
  }
  throw needsPerson("the database did not settle: each action was taken and the world did not follow");
}

async function readFacts(context: StepContext, switchover: Switchover): Promise<SwitchoverFacts> {
  const { world } = context;
  const [primary, standby] = [await world.database(switchover.primary), await world.database(switchover.standby)];
  const [old, warm] = [await primary.health(), await standby.health()];
  const endpoints = await each(switchover.loadBalancers, async (name) =>
    (await world.loadBalancer(name)).readEndpoint(switchover.slot),
  );
  const application = await world.application(switchover.migrator);
  return {
    migrated: (await application.migration(migrationJob(context))).state !== "absent",
    oldPrimary: !old.running ? "down" : old.writable ? "writable" : "fenced",
    standby: !warm.running ? "down" : warm.writable ? "writable" : warm.following ? "following" : "frozen",
    endpoint: endpoints.every((seen) => seen?.address === standby.address) ? "standby" : "old-primary",
  };
}

async function act(context: StepContext, switchover: Switchover, action: SwitchoverAction): Promise<void> {
  const { world } = context;
  const [primary, standby] = [await world.database(switchover.primary), await world.database(switchover.standby)];
  const pointTo = async (to: Database): Promise<void> => {
    await each(switchover.loadBalancers, async (name) => {
      const { address, port } = to;
      await (await world.loadBalancer(name)).setEndpoint(switchover.slot, { address, port });
    });
  };
  switch (action) {
    case "fence-old-primary":
      return primary.fence();
    case "unfence-old-primary":
      return primary.unfence();
    case "freeze-standby":
      return standby.freeze();
    case "fence-standby":
      return standby.fence();
    case "promote-standby":
      return standby.promote();
    case "point-to-standby":
      return pointTo(standby);
    case "point-to-old-primary":
      return pointTo(primary);
    default:
  }
}

const needsPerson = (why: string): Problem =>
  new Problem("refused", {
    what: "the database's way back needs a person",
    why,
    next: "changeover status, set it right, then: changeover rollback",
  });
