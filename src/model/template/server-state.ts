/** How a server that has a template stands, read from its labels: nothing else remembers it. */
import { Problem } from "../problem.ts";
import type { ServerRecord } from "../provider.ts";

/**
 * `stranded`: its boot failed, or was broken off. It stays for diagnosis until it is retired, or until a person says that
 * it is operational.
 */
export type TemplateState = "booting" | "operational" | "stranded" | "decommissioning";

export const LABEL = {
  state: "state",
  /** `app@3` */
  template: "template",
  /** Script, or what else it was at. */
  strandedAt: "strandedAt",
  strandedWhy: "strandedWhy",
  /** Milliseconds since 1970: when it became operational. */
  operationalAt: "operationalAt",
  /** Who said so, although its boot had failed. */
  forcedBy: "forcedBy",
  /** How long its decommission scripts may take together, so that a plan knows. */
  decommissionSeconds: "decommissionSeconds",
  /** Milliseconds since 1970: when the time of its decommission scripts is over. */
  decommissionBy: "decommissionBy",
} as const;

export interface SeenTemplate {
  template: string;
  state: TemplateState;
  /** Null unless stranded. */
  stranded: { at: string; why: string } | null;
  operationalAt: number | null;
  forcedBy: string | null;
  decommissionSeconds: number;
}

/** Null for a server without a template. */
export function seenTemplate({ labels }: ServerRecord): SeenTemplate | null {
  const template = labels[LABEL.template];
  const state = labels[LABEL.state] as TemplateState | undefined;
  if (template === undefined || state === undefined) return null;
  const at = labels[LABEL.operationalAt];
  return {
    template,
    state,
    stranded:
      state === "stranded" ? { at: labels[LABEL.strandedAt] ?? "", why: labels[LABEL.strandedWhy] ?? "" } : null,
    operationalAt: at === undefined ? null : Number(at),
    forcedBy: labels[LABEL.forcedBy] ?? null,
    decommissionSeconds: Number(labels[LABEL.decommissionSeconds] ?? 0),
  };
}

/** Longest running first; names decide where that is equal. */
export const byAge = (left: ServerRecord, right: ServerRecord): number =>
  (seenTemplate(left)?.operationalAt ?? 0) - (seenTemplate(right)?.operationalAt ?? 0) ||
  left.name.localeCompare(right.name, "en", { numeric: true });

/** Why no script may run there; null when one may. */
export function scriptsRefused(record: ServerRecord): string | null {
  const seen = seenTemplate(record);
  if (!seen) return "it was launched without a template";
  const { stranded, state, forcedBy } = seen;
  if (stranded) return `it is stranded at ${stranded.at}: ${stranded.why}`;
  if (state !== "operational") return `it is ${state}`;
  return record.labels.kept !== undefined && forcedBy === null ? `it is kept for ${record.labels.kept}` : null;
}

export const strandedProblem = (server: string, environment: string, at: string, why: string): Problem =>
  new Problem("step-failed", {
    what: `"${server}" is stranded at ${at}`,
    why,
    next: `mend the template and launch again; once it is mended by hand there: changeover script force-operational ${environment} ${server}`,
  });
