/** The decommission scripts of a server that is to be retired: each gets a try within one window, none holds it up. */
import type { Host } from "../../model/host.ts";
import { Problem } from "../../model/problem.ts";
import type { Evidence, StepContext } from "../../model/step.ts";
import type { Manifest } from "../../model/template/manifest.ts";
import { launchValues } from "../../model/template/process-inputs.ts";
import { LABEL, seenTemplate } from "../../model/template/server-state.ts";
import { declaredOnly, failureOf, runScript } from "./script-job.ts";
import { setState } from "./template-state.ts";
import { launchOn, manifestOn } from "./template-tree.ts";

export interface Decommissioned {
  server: string;
  ran: string[];
  failed: string[];
  /** The window was over, or nothing of it can be run. */
  skipped: string[];
}

const RESULT = "decommission.json";

const jobOf = ({ upgrade }: StepContext, at: number): string => `decommission-${at}-${upgrade}`;

const nothing = (server: string): Decommissioned => ({ server, ran: [], failed: [], skipped: [] });

/** Nothing happens on a server without a template, on one that never became operational, or on one that is gone. */
export async function decommission(context: StepContext, server: string): Promise<Decommissioned> {
  const { world } = context;
  const record = (await world.provider.list(world.environment)).find(({ name }) => name === server);
  const seen = record && seenTemplate(record);
  if (!record || !seen || seen.state === "stranded" || seen.state === "booting") return nothing(server);
  const by = Number(record.labels[LABEL.decommissionBy] ?? world.clock.now() + seen.decommissionSeconds * 1000);
  if (seen.state !== "decommissioning") {
    await setState(context, server, "decommissioning", { [LABEL.decommissionBy]: String(by) });
  }
  const host = await world.host(server);
  const told = await runAll(context, host, seen.template, by);
  await host.putFile(RESULT, JSON.stringify({ upgrade: context.upgrade, ...told }));
  return told;
}

async function runAll(context: StepContext, host: Host, template: string, by: number): Promise<Decommissioned> {
  const told = nothing(host.name);
  const [manifest, kept] = [await read(host), await launchOn(host)];
  if (typeof manifest === "string") return { ...told, failed: [manifest] };
  for (const [at, script] of manifest.scripts.decommission.entries()) {
    const leftMs = by - context.world.clock.now();
    const id = jobOf(context, at);
    if (leftMs <= 0 && (await host.jobState(id)).state === "absent") {
      told.skipped.push(script.run);
      continue;
    }
    const why = await tryOne(context, host, {
      id,
      run: script.run,
      timeoutMs: Math.max(1, Math.min(script.seconds * 1000, leftMs)),
      role: "decommission",
      template,
      values: declaredOnly(kept ? launchValues(kept) : {}, Object.keys(script.inputs)),
    });
    if (why === null) told.ran.push(script.run);
    else told.failed.push(`${script.run}: ${why}`);
  }
  return told;
}

/** A credential that is gone fails its script, and no other. */
async function tryOne(context: StepContext, host: Host, job: Parameters<typeof runScript>[2]): Promise<string | null> {
  try {
    return failureOf(await runScript(context, host, job));
  } catch (error) {
    if (error instanceof Problem && error.kind === "refused") return error.text.why;
    throw error;
  }
}

/** A manifest that can't be read is told like a script that failed: the server goes all the same. */
async function read(host: Host): Promise<Manifest | string> {
  try {
    return (await manifestOn(host)) ?? "its template is gone";
  } catch (error) {
    if (error instanceof Problem && error.kind === "bad-input") return error.text.why;
    throw error;
  }
}

/** As this upgrade left it there; null where nothing was to be done, or is not over. */
export async function decommissionedOn(context: StepContext, server: string): Promise<Decommissioned | null> {
  const { world, upgrade } = context;
  const record = (await world.provider.list(world.environment)).find(({ name }) => name === server);
  const seen = record && seenTemplate(record);
  if (!seen || seen.state === "stranded" || seen.state === "booting") return nothing(server);
  const text = await (await world.host(server)).readFile(RESULT);
  const held = text === null ? null : (JSON.parse(text) as Decommissioned & { upgrade: string });
  return held?.upgrade === upgrade ? held : null;
}

/** As a report shows it. */
export function inEvidence(all: readonly Decommissioned[]): Evidence {
  const told = (key: "failed" | "skipped") =>
    all.flatMap((one) => one[key].map((text) => `"${one.server}" ${text}`)).join("; ");
  const [failed, skipped] = [told("failed"), told("skipped")];
  return {
    ran: all.reduce((sum, { ran }) => sum + ran.length, 0),
    ...(failed ? { failed } : {}),
    ...(skipped ? { skipped } : {}),
  };
}
