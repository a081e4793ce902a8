/** Before the window: the new release migrates, boots and writes on a restored copy, where it can break nothing. */
import type { PlanStep } from "../../../model/plan.ts";
import { retireSpare } from "../../../steps/retire-spare.ts";
import { tryOldRelease } from "../../../steps/try-old-release.ts";
import { openTheCopy, tryNewRelease } from "../../copy.ts";
import { install, timesOf } from "../../launching.ts";
import { checksOf } from "../../layout.ts";
import { act } from "../../stage.ts";
import type { Cast } from "./cast.ts";

/** The spare holds the backup that was proven; the first new server reaches nothing but it. */
export function tryOnCopy(cast: Cast): PlanStep[] {
  const { definition, trial, loadBalancers, from, to, spare: copy } = cast;
  const { server, before, after } = trial;
  const { migrate: command = "false", unlock = null } = definition.releases[to] ?? {};
  return [
    openTheCopy(copy, loadBalancers),
    ...tryNewRelease(definition, {
      ...{ to, command, unlock, install: after, server, copy },
      primary: cast.primary.record.name,
    }),
    install(definition, server, before),
    act(tryOldRelease, {
      ...{ server, release: from, good: checksOf(definition, "always") },
      ...timesOf(definition),
    }),
    act(retireSpare, { spare: copy.name }),
  ];
}
