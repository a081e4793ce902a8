/** How servers with a template begin and take their leave, as steps of any plan; servers without one have none. */
import type { PlanStep } from "../model/plan.ts";
import type { ServerRecord } from "../model/provider.ts";
import { seenTemplate } from "../model/template/server-state.ts";
import { type BootInput, bootServer } from "../steps/boot-server.ts";
import { decommissionServer, decommissionSpare } from "../steps/decommission-server.ts";
import { act } from "./stage.ts";

export type Boot = Omit<BootInput, "server" | "onUndo">;

/** What a server that is to be launched boots with; null for one without a template. */
export type BootOf = (record: ServerRecord) => Boot | null;

export function bootSteps(of: BootOf | undefined, record: ServerRecord, onUndo: BootInput["onUndo"]): PlanStep[] {
  const boot = of?.(record) ?? null;
  return boot === null ? [] : [act(bootServer, { server: record.name, ...boot, onUndo })];
}

/** Before they are retired for good. Those that never became operational are just retired. */
export function decommissionSteps(records: readonly ServerRecord[]): PlanStep[] {
  const seen = records.flatMap((record) => {
    const template = seenTemplate(record);
    return template?.state === "operational" ? [{ name: record.name, seconds: template.decommissionSeconds }] : [];
  });
  if (seen.length === 0) return [];
  const seconds = Math.max(...seen.map((one) => one.seconds));
  return [act(decommissionServer, { servers: seen.map(({ name }) => name), seconds })];
}

/** Before one that this very plan has booted, and that never served, is retired again. */
export function leaveSteps(of: BootOf | undefined, record: ServerRecord): PlanStep[] {
  const boot = of?.(record) ?? null;
  return boot === null ? [] : [act(decommissionSpare, { servers: [record.name], seconds: boot.decommissionSeconds })];
}
