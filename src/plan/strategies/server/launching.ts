/** The steps that make a server run a release, apart from everybody until somebody connects it. */
import type { Install } from "../../../model/application.ts";
import type { EnvironmentDefinition } from "../../../model/environment.ts";
import type { PlanStep } from "../../../model/plan.ts";
import type { ServerRecord } from "../../../model/provider.ts";
import { installRelease } from "../../../steps/install-release.ts";
import { launchServer } from "../../../steps/launch-server.ts";
import { startRole } from "../../../steps/start-role.ts";
import { checksOf, installMs, ms } from "../../layout.ts";
import { act } from "../../stage.ts";

export interface Launching {
  record: ServerRecord;
  install: Install;
}

/** Each check holds on the server itself before anything else happens to it. */
export function launchSteps(definition: EnvironmentDefinition, { record, install }: Launching): PlanStep[] {
  return [
    act(launchServer, { record, ports: [definition.application.port], onUndo: "retire" }),
    act(installRelease, { server: record.name, install, limitMs: installMs(definition) }),
    startRoleOn(definition, record.name, "web"),
  ];
}

/** A worker only has to stay up. */
export function startRoleOn({ limits, ...definition }: EnvironmentDefinition, server: string, role: "web" | "worker") {
  const good = role === "web" ? checksOf({ ...definition, limits }, "with-clean-up") : null;
  const times = { healthyMs: ms(limits.healthySeconds), graceMs: ms(limits.stopSeconds) };
  return act(startRole, { servers: [server], role, good, ...times });
}
