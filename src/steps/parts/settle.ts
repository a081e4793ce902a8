/** Walks the written table of src/model/switchover.ts until blue has exactly one writable primary again. */
import { Problem } from "../../model/problem.ts";
import type { Database, DatabaseHealth } from "../../model/database.ts";
import type { Slot } from "../../model/load-balancer.ts";
import type { StepContext } from "../../model/step.ts";
import { nextAction, type SwitchoverAction, type SwitchoverFacts } from "../../model/switchover.ts";
import { each } from "./each.ts";
import { migrationJob } from "./migration-job.ts";
import { runningLoadBalancers } from "./running.ts";

export interface Switchover {
  primary: string;
  standby: string;
  loadBalancers: string[];
  /** Blue's slot: its endpoint is what is moved. */
  slot: Slot;
  /** Where the migration runs, to learn from the world whether it ever began. */
  migrator: string;
}

const RESTART_MS = 20_000;

/** More rounds than the table has rows on any path. */
const ROUNDS = 8;

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
  const [old, warm] = [await settledHealth(context, primary), await settledHealth(context, standby)];
  const running = await runningLoadBalancers(context, switchover.loadBalancers);
  const endpoints = await each(running, async (name) => (await world.loadBalancer(name)).readEndpoint(switchover.slot));
  const leadsTo = (to: Database) => endpoints.every((seen) => seen?.address === to.address);
  const migrated = await hasMigrated(context, switchover.migrator);
  return {
    migrated,
    oldPrimary: !old.running ? "down" : takes(old, migrated ? "maybe" : "surely") ? "writable" : "fenced",
    standby: !warm.running
      ? "down"
      : takes(warm, migrated ? "surely" : "maybe")
        ? "writable"
        : warm.following
          ? "following"
          : "frozen",
    endpoint: leadsTo(primary) ? "old-primary" : leadsTo(standby) ? "standby" : "elsewhere",
  };
}

/** A crash leaves what a server does and what it does at its next boot different: then the change is to be repeated. */
const takes = ({ writable, bootsWritable }: DatabaseHealth, how: "surely" | "maybe"): boolean =>
  how === "surely" ? writable && bootsWritable : writable || bootsWritable;

/** A killed server is started again by its supervisor: only one that stays away is down. */
async function settledHealth(context: StepContext, database: Database): Promise<DatabaseHealth> {
  await context.until(RESTART_MS, async () => (await database.health()).running);
  return database.health();
}

/** Began, whether or not it ended; the host knows. */
async function hasMigrated(context: StepContext, migrator: string): Promise<boolean> {
  const job = await (await context.world.application(migrator)).task(migrationJob(context, "live"));
  return job.state === "done" ? job.began : job.state !== "absent";
}

async function act(context: StepContext, switchover: Switchover, action: SwitchoverAction): Promise<void> {
  const { world } = context;
  const [primary, standby] = [await world.database(switchover.primary), await world.database(switchover.standby)];
  const pointTo = async (to: Database): Promise<void> => {
    await each(await runningLoadBalancers(context, switchover.loadBalancers), async (name) => {
      const { address, port } = to;
      await (await world.loadBalancer(name)).setEndpoint(switchover.slot, { address, port });
    });
  };
  switch (action) {
    case "fence-old-primary":
      return primary.fence();
    case "unfence-old-primary":
      return primary.unfence();
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
