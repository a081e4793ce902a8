/** Writes on the server itself how it stands with its template. */
import type { StepContext } from "../../model/step.ts";
import { LABEL, strandedProblem, type TemplateState } from "../../model/template/server-state.ts";
import { recordOf } from "./records.ts";

type Labels = Partial<Record<(typeof LABEL)[keyof typeof LABEL], string>>;

const OF_STATE = [LABEL.strandedAt, LABEL.strandedWhy, LABEL.forcedBy, LABEL.decommissionBy] as string[];
/** A label is one line that people read in a list. */
const LONGEST = 600;

/** What was said of the state before goes; the other labels stay. */
export async function setState(context: StepContext, server: string, state: TemplateState, more: Labels = {}) {
  const { world } = context;
  const { labels } = await recordOf(context, server);
  const rest = Object.entries(labels).filter(([name]) => !OF_STATE.includes(name));
  const wanted = { ...Object.fromEntries(rest), ...more, [LABEL.state]: state };
  await world.provider.relabel(world.environment, server, wanted);
}

/** Says on the server where it stopped and why, and gives the Problem to throw. */
export async function strand(context: StepContext, server: string, at: string, why: string) {
  const told = context.world.redact(why).replace(/\s+/g, " ").trim().slice(0, LONGEST);
  await setState(context, server, "stranded", { [LABEL.strandedAt]: at, [LABEL.strandedWhy]: told });
  return strandedProblem(server, context.world.environment, at, told);
}
