/** Rolling: new servers join the pool that serves, a batch at a time, and as many old ones get no more new sessions. */
import type { Stage } from "../../../model/plan.ts";
import { drainMembers } from "../../../steps/drain-members.ts";
import { membersOf } from "../../launching.ts";
import { act, inOrder } from "../../stage.ts";
import { batchesOf, batchName, floorOf } from "./batches.ts";
import type { Cast, Pair } from "./cast.ts";
import { firstStages, installAndNote, installStage, joinServing, otherStages, serve } from "./green.ts";
import { BACK } from "./words.ts";
import { handOverWorkers } from "./workers.ts";

export function rollingStages(cast: Cast): Stage[] {
  const batches = batchesOf(cast.definition, cast.pairs);
  return [
    ...firstStages(cast),
    ...otherStages(cast),
    ...batches.flatMap((batch, turn) => batchStages(cast, batch, batchName(turn, batches), turn === 0)),
  ];
}

function batchStages(cast: Cast, batch: Pair[], name: string, first: boolean): Stage[] {
  const { definition, loadBalancers, slot, pairs } = cast;
  // The very first one was tested apart and runs already.
  const fresh = first ? batch.slice(1) : batch;
  const tested = first ? batch.slice(0, 1) : [];
  const install = `Install the new release on ${name}`;
  const members = membersOf(
    definition,
    batch.map(({ old }) => old),
  );
  return [
    ...(first ? [installAndNote(cast, fresh, install)] : installStage(cast, fresh, install)),
    inOrder(`Put ${name} in the place of as many old servers`, BACK, [
      ...(fresh.length > 0 ? serve(cast, fresh) : []),
      ...(tested.length > 0 ? [joinServing(cast, tested)] : []),
      ...handOverWorkers(cast, batch),
      act(drainMembers, {
        loadBalancers,
        slot,
        members,
        floor: Math.min(pairs.length, floorOf(definition, pairs.length)),
      }),
    ]),
  ];
}
