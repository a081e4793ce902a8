/** The steps that make a server run a release, apart from everybody until somebody connects it. */
import type { Install } from "../../../model/application.ts";
import type { EnvironmentDefinition } from "../../../model/environment.ts";
import type { PlanStep } from "../../../model/plan.ts";
import type { ServerRecord } from "../../../model/provider.ts";
import { startRole } from "../../../steps/start-role.ts";
import { type Boot, bootSteps } from "../../boot.ts";
import { install, launch, timesOf } from "../../launching.ts";
import { checksOf } from "../../layout.ts";
import { act } from "../../stage.ts";

export interface Launching {
  record: ServerRecord;
  install: Install;
  /** Null for a server without a template. */
  boot: Boot | null;
}

/** Each check holds on the server itself before anything else happens to it. */
export function launchSteps(
  definition: EnvironmentDefinition,
  { record, install: wanted, boot }: Launching,
): PlanStep[] {
  return [
    launch(definition, record, "retire"),
    ...bootSteps(() => boot, record, "retire"),
    install(definition, record.name, wanted),
    startRoleOn(definition, record.name, "web"),
  ];
}

/** A worker only has to stay up. */
export const startRoleOn = (definition: EnvironmentDefinition, server: string, role: "web" | "worker"): PlanStep => {
  const good = role === "web" ? checksOf(definition, "with-clean-up") : null;
  return act(startRole, { servers: [server], role, good, ...timesOf(definition) });
};
