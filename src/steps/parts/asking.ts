/** Questions asked through a load balancer, as the public, as a tester, or on the test host name. */
import type { HttpCheck } from "../../model/application.ts";
import { misses, withKey } from "../../model/http-check.ts";
import { Problem } from "../../model/problem.ts";
import type { StepContext } from "../../model/step.ts";
import type { Answer } from "../../model/world.ts";
import type { Checks, Entrance } from "./shapes.ts";

const ASK_MS = 5_000;

export type As = "public" | "tester" | "test-host";

export function askThrough(
  context: StepContext,
  loadBalancer: string,
  entrance: Entrance,
  as: As,
  check: HttpCheck,
): Promise<Answer> {
  const host = as === "test-host" ? entrance.testHost : entrance.publicHost;
  return context.world.ask(loadBalancer, { port: entrance.port, host, tester: as === "tester" }, check, ASK_MS);
}

/** Null when the check holds, else what was seen instead; an unreachable server is something seen. */
export async function missesThrough(
  context: StepContext,
  loadBalancer: string,
  entrance: Entrance,
  as: As,
  check: HttpCheck,
): Promise<string | null> {
  try {
    return misses(check, await askThrough(context, loadBalancer, entrance, as, check));
  } catch (error) {
    if (error instanceof Problem && error.kind === "unreachable") return `${error.text.what}: ${error.text.why}`;
    throw error;
  }
}

/** The page carries this header, so that it is never taken for an application's answer. */
export const isPage = (answer: Answer): boolean =>
  answer.status === 503 && answer.headers["changeover-page"] === "maintenance";

/** Runs every check once through one load balancer, and takes away what it wrote under this key, now or in a cut try. */
export async function testThrough(
  context: StepContext,
  loadBalancer: string,
  entrance: Entrance,
  as: As,
  checks: Checks,
  key: string,
): Promise<string | null> {
  for (const check of [checks.health, ...checks.read]) {
    const missed = await missesThrough(context, loadBalancer, entrance, as, withKey(check, key));
    if (missed) return missed;
  }
  if (!checks.write) return null;
  // A try that a crash cut short may have left its row; where there is none, the answer does not matter.
  for (const check of checks.write.cleanUp) {
    await missesThrough(context, loadBalancer, entrance, as, withKey(check, key));
  }
  for (const check of [checks.write, ...checks.write.cleanUp]) {
    const missed = await missesThrough(context, loadBalancer, entrance, as, withKey(check, key));
    if (missed) return missed;
  }
  return null;
}
