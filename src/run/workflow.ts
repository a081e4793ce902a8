/** The durable workflow that runs one upgrade: it interprets the plan as data, so that releases need not change it. */
import { DBOS } from "@dbos-inc/dbos-sdk";
import { type Execution, openExecution, type RunInput, type Surroundings } from "./execution.ts";
import { type End, type Hands, interpret } from "./interpret.ts";
import type { PlannedStep } from "./layout.ts";

/** Constant over releases; only an incompatible order of durable steps would need a new one, beside this one. */
export const ENGINE_VERSION = "upgrade-1";

interface Current {
  around: Surroundings;
  live: Map<string, Execution>;
}
let current: Current | null = null;

/** The library registers workflows once per process, so the control plane they belong to is set here. */
export function useSurroundings(around: Surroundings | null): Map<string, Execution> {
  const live = new Map<string, Execution>();
  current = around && { around, live };
  return live;
}

/** Frozen: runs that began under it replay it. What is thrown in it is the engine's own trouble and never taken back. */
const upgradeV1 = DBOS.registerWorkflow(
  async (input: RunInput): Promise<End["state"]> => {
    if (!current) throw new Error("no control plane runs in this process");
    const { around, live } = current;
    const execution = await openExecution(around, input);
    live.set(input.upgrade, execution);
    try {
      const from = await DBOS.runStep(execution.from, { name: "from" });
      const end = await interpret(input.plan, around.definitions, durable(execution.hands), from);
      return end.state;
    } finally {
      live.delete(input.upgrade);
      await execution.close();
    }
  },
  { name: "upgrade.v1" },
);

/** Each deed is recorded when it is over, and not done again when the workflow is replayed. */
function durable(hands: Hands): Hands {
  const named = (direction: string, { index, step }: PlannedStep) => ({ name: `${direction} ${index} ${step}` });
  return {
    apply: (step, insist) => DBOS.runStep(() => hands.apply(step, insist), named("apply", step)),
    ask: (step) => DBOS.runStep(() => hands.ask(step), named("ask", step)),
    undo: (step) => DBOS.runStep(() => hands.undo(step), named("undo", step)),
    after: (step) => DBOS.runStep(() => hands.after(step), named("after", step)),
    turnBack: (reason) => DBOS.runStep(() => hands.turnBack(reason), { name: "turn back" }),
    finish: (end) => DBOS.runStep(() => hands.finish(end), { name: "finish" }),
  };
}

export const workflowId = (upgrade: string, round: number): string => `${upgrade}.${round}`;

/** Safe to repeat: the same round is one workflow. */
export async function startWorkflow(input: RunInput, round: number): Promise<void> {
  await DBOS.startWorkflow(upgradeV1, { workflowID: workflowId(input.upgrade, round) })(input);
}
