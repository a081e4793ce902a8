/** Counts what a way back after reopening would lose, exports it, and holds an acceptance against it. */
import { drawLoss, beyondAccepted, type Loss, lossOf } from "../model/loss.ts";
import type { Plan } from "../model/plan.ts";
import { Problem } from "../model/problem.ts";
import type { JournalEntry } from "../model/upgrade.ts";
import type { World } from "../model/world.ts";
import { markReopening, missingFor, readMark } from "../steps/mark-reopening.ts";
import { eventsIn, exportWrites } from "../steps/parts/lost.ts";
import { findLoss, saveLoss } from "../store/losses.ts";
import type { Store } from "../store/store.ts";
import { refuseWayBack } from "./way-back.ts";

export interface Reopened {
  upgrade: string;
  plan: Plan;
  entries: JournalEntry[];
}

/** Refuses when the old servers or the standby no longer stand, or the log no longer reaches back. */
export async function countLoss(store: Store, world: World, { upgrade, plan, entries }: Reopened): Promise<Loss> {
  const step = plan.stages.flatMap(({ steps }) => steps).find((one) => one.step === markReopening.name);
  const marked = entries.findLast((one) => one.step === markReopening.name && one.result === "done")?.evidence;
  if (!step || !marked) throw refuseWayBack(upgrade, "its plan did not note the position at the reopening");
  const { primary, wayBack } = readMark(step.input);
  const missing = await missingFor({ world }, wayBack);
  if (missing !== null) throw refuseWayBack(upgrade, missing);
  const since = String(marked.position);
  const { path, writes } = await exportWrites(world, { server: primary, since, name: `${upgrade}-counted` });
  const events = eventsIn(writes.tables);
  const loss = lossOf(upgrade, writes, { sinceAt: Number(marked.at), events, exportedTo: path });
  await saveLoss(store, upgrade, loss);
  return loss;
}

/** Gives what was accepted; refuses with the price when nothing was, or when it no longer is the price. */
export async function mustAccept(store: Store, upgrade: string, now: Loss, hash: string | null): Promise<Loss> {
  if (hash === null) throw priced(upgrade, now);
  const accepted = await findLoss(store, upgrade, hash);
  if (!accepted) throw priced(upgrade, now, `${hash} is nothing that was counted for this upgrade; `);
  const more = beyondAccepted(accepted, now);
  if (more.length === 0) return accepted;
  throw priced(upgrade, now, `since ${hash} was counted, rows of other tables were written: ${more.join(", ")}; `);
}

function priced(upgrade: string, loss: Loss, before = ""): Problem {
  const since = `${new Date(loss.sinceAt).toISOString().slice(11, 19)} UTC`;
  return new Problem("refused", {
    what: `the way back of "${upgrade}" would lose what was written since it reopened at ${since}`,
    why:
      `${before}to the position before the migration: ${drawLoss(loss)} written since ${since} would be lost; ` +
      `they are exported to ${loss.exportedTo}`,
    next: `changeover rollback ${upgrade} --accept-loss ${loss.hash}`,
  });
}
