/** The load balancers that run: on the way back, one that is dead for good must not keep the others shut. */
import { Problem } from "../../model/problem.ts";
import type { StepContext } from "../../model/step.ts";
import { each } from "./each.ts";

/** A killed one is started again by its supervisor within this time. */
const RESTART_MS = 10_000;

/** Throws when none runs. What a dead one would still show when it comes back is its page: that is never taken from afar. */
export async function runningLoadBalancers(context: StepContext, names: readonly string[]): Promise<string[]> {
  const seen = await each(names, async (name) => ((await runs(context, name)) ? name : null));
  const running = seen.filter((name) => name !== null);
  if (running.length > 0) return running;
  throw new Problem("unreachable", {
    what: "no load balancer runs",
    why: `asked: ${names.join(", ")}`,
    next: "changeover doctor, start one, then: changeover rollback",
  });
}

const runs = (context: StepContext, name: string): Promise<true | null> =>
  context.until(RESTART_MS, async () => {
    try {
      return await (await context.world.loadBalancer(name)).running();
    } catch (error) {
      if (error instanceof Problem && (error.kind === "unreachable" || error.kind === "not-found")) return false;
      throw error;
    }
  });
