/** In place: a batch of servers at a time is drained, gets the new release, and serves again when it says that it is it. */
import type { PlanStep, Stage } from "../../../model/plan.ts";
import { assertSchemaKept } from "../../../steps/assert-schema-kept.ts";
import { awaitNoSessions } from "../../../steps/await-no-sessions.ts";
import { bringRelease } from "../../../steps/bring-release.ts";
import { drainMembers } from "../../../steps/drain-members.ts";
import { noteErrors } from "../../../steps/note-errors.ts";
import { noteSchema } from "../../../steps/note-schema.ts";
import { replaceRelease } from "../../../steps/replace-release.ts";
import { haltRole } from "../../../steps/halt-role.ts";
import { membersOf, timesOf } from "../../launching.ts";
import { checksOf, installMs } from "../../layout.ts";
import { sessionsMs } from "../../sessions.ts";
import { act, atOnce, inOrder } from "../../stage.ts";
import { batchesOf, batchName, floorOf } from "./batches.ts";
import type { Cast, Pair } from "./cast.ts";
import { joinServing, startGood } from "./green.ts";
import { FREE, IN_PLACE, oldNames } from "./words.ts";
import { startNewWorkers, stopOldWorkers } from "./workers.ts";

export function inPlaceStages(cast: Cast): Stage[] {
  const { definition, loadBalancers, slot } = cast;
  const batches = batchesOf(definition, cast.pairs);
  const servers = oldNames(cast);
  return [
    atOnce("Bring the new release to every server, and note what is usual until the first batch", FREE, [
      bring(cast),
      act(noteErrors, {
        loadBalancers,
        old: { slot, servers },
        when: { at: "switch", slot, servers },
        pattern: definition.minor.logErrors,
      }),
      ...(cast.trial ? [] : [act(noteSchema, { primary: cast.primary.record.name })]),
    ]),
    ...batches.map((batch, turn) =>
      inOrder(`Upgrade ${batchName(turn, batches)} in place`, IN_PLACE, [
        ...leave(cast, batch),
        ...change(cast, batch),
        ...(cast.trial || turn > 0
          ? []
          : [act(assertSchemaKept, { primary: cast.primary.record.name, release: cast.to })]),
        joinServing(cast, batch),
        ...startNewWorkers(cast, batch),
      ]),
    ),
  ];
}

function bring({ definition, pairs, to }: Cast): PlanStep {
  const artefact = pairs[0]?.after.artefact ?? "";
  return act(bringRelease, {
    servers: pairs.map(({ old }) => old.name),
    ...{ release: to, artefact, limitMs: installMs(definition) },
  });
}

/** No new sessions, time for the open ones to end, then nothing of the application runs. */
function leave(cast: Cast, batch: Pair[]): PlanStep[] {
  const { definition, loadBalancers, slot, pairs } = cast;
  const records = batch.map(({ old }) => old);
  const servers = records.map(({ name }) => name);
  const { healthyMs, graceMs } = timesOf(definition);
  const again = { good: checksOf(definition, "with-clean-up"), healthyMs };
  return [
    act(drainMembers, {
      ...{ loadBalancers, slot, members: membersOf(definition, records) },
      floor: floorOf(definition, pairs.length),
    }),
    act(awaitNoSessions, { loadBalancers, slot, servers, withinMs: sessionsMs(definition) }),
    ...stopOldWorkers(cast, batch),
    act(haltRole, { servers, role: "web", graceMs, ...again }),
  ];
}

function change(cast: Cast, batch: Pair[]): PlanStep[] {
  const changes = batch.map(({ old, before, after }) => ({ server: old.name, before, after }));
  return [act(replaceRelease, { changes, limitMs: installMs(cast.definition) }), ...startGood(cast, batch)];
}
