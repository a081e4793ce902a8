/** What a turn of an alert brings: written down first, votes together with it; then told, and done. */
import { type Entry, entriesOf, type Taken } from "../model/alerts/round.ts";
import type { Outcome } from "../model/alerts/task.ts";
import { voterOf } from "../model/alerts/voter.ts";
import { type Begun, endAction, recordEvents } from "../store/alert-events.ts";
import type { Db } from "../store/store.ts";
import { castVote, takeBackVote } from "../store/votes.ts";
import { act, type ActionParts, recordAction } from "./alert-actions.ts";

export interface Written {
  alert: string;
  target: string;
  entries: Entry[];
  begun: Begun[];
}

/** Intents come before deeds: what is due is written down together with the state that calls it done, and so are votes. */
export async function writeDown(
  db: Db,
  { environment, boot, now }: { environment: string; boot: number; now: number },
  taken: Taken,
): Promise<Written> {
  const { alert, target, state, turn } = taken;
  const entries = entriesOf(taken, environment, now);
  const synthetic = state.sample.synthetic === true;
  const begun = await recordEvents(db, { environment, alert, target, at: now, synthetic, boot, entries });
  const voter = voterOf(alert, target, synthetic);
  for (const { group, vote } of turn.votes) await castVote(db, { environment, group, voter, vote, at: now });
  for (const { group } of turn.takenBack) await takeBackVote(db, environment, group, voter);
  return { alert, target, entries, begun };
}

export async function tellTurn(
  { record }: ActionParts,
  environment: string,
  { alert, entries }: Written,
): Promise<void> {
  for (const { says, task } of entries) {
    // How an action ended is told when it has.
    if (task === null) await record({ by: `alert ${alert}`, environment, upgrade: null, says, problem: null });
  }
}

export async function carryOut(parts: ActionParts, { id, task }: Begun): Promise<Outcome> {
  const outcome = await act(parts, task);
  await endAction(parts.store, id, outcome).catch(() => {});
  return outcome;
}

/** A message says by its id that it may have come before. A script may not be one that can be run twice. */
export async function takeUp(parts: ActionParts, { id, task }: Begun): Promise<Outcome> {
  const { synthetic, environment, alert, target } = task.message;
  if (!synthetic && task.action.kind !== "run") return carryOut(parts, { id, task });
  const why = "the control plane ended while it was done; it may have happened or not, and is not done again";
  const outcome: Outcome = { outcome: "failed", why };
  await endAction(parts.store, id, outcome).catch(() => {});
  await recordAction(parts, { environment, alert, target }, task.action, outcome, synthetic);
  return outcome;
}
