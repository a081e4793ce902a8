/** Before the window: the new release migrates, boots and writes on a restored copy, where it can break nothing. */
import type { PlanStep } from "../../../model/plan.ts";
import { installRelease } from "../../../steps/install-release.ts";
import { markSchema } from "../../../steps/mark-schema.ts";
import { migrate } from "../../../steps/migrate.ts";
import { openCopy } from "../../../steps/open-copy.ts";
import { retireSpare } from "../../../steps/retire-spare.ts";
import { sameSchema } from "../../../steps/same-schema.ts";
import { startRole } from "../../../steps/start-role.ts";
import { stopRole } from "../../../steps/stop-role.ts";
import { tryOldRelease } from "../../../steps/try-old-release.ts";
import { checksOf, databaseEndpoint, installMs, ms } from "../../layout.ts";
import { act } from "../../stage.ts";
import type { Cast } from "./cast.ts";

/** The spare holds the backup that was proven; the first new server reaches nothing but it. */
export function tryOnCopy(cast: Cast): PlanStep[] {
  const { definition, trial, loadBalancers, from, to } = cast;
  const { limits } = definition;
  const [server, copy] = [trial.server, cast.spare.name];
  const times = { healthyMs: ms(limits.healthySeconds), graceMs: ms(limits.stopSeconds) };
  const good = checksOf(definition, "always");
  const install = (release: typeof trial.after) =>
    act(installRelease, { server, install: release, limitMs: installMs(definition) });
  const { migrate: command = "false", unlock = null } = definition.releases[to] ?? {};
  return [
    act(openCopy, { server: copy, loadBalancers }),
    install(trial.after),
    act(migrate, {
      of: "copy",
      migrator: server,
      command,
      unlock,
      inputs: trial.inputs,
      release: to,
      primary: copy,
      primaryEndpoint: databaseEndpoint(definition, cast.spare),
      limitMs: ms(limits.migrateSeconds),
      old: cast.primary.record.name,
      wayBack: null,
    }),
    act(markSchema, { server: copy }),
    act(startRole, { servers: [server], role: "web", good, ...times }),
    act(sameSchema, { server: copy, release: to }),
    act(stopRole, { servers: [server], role: "web", graceMs: times.graceMs }),
    install(trial.before),
    act(tryOldRelease, { server, release: from, good, ...times }),
    act(retireSpare, { spare: copy }),
  ];
}
