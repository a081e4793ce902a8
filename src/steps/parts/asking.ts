/** Questions asked through a load balancer, as the public, as a tester, or on the test host name. */
import type { Application, HttpCheck } from "../../model/application.ts";
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

/** Runs every check once through one load balancer, and takes away what it wrote, now or in a cut try. */
export const testThrough = (
  context: StepContext,
  loadBalancer: string,
  entrance: Entrance,
  as: As,
  checks: Checks,
): Promise<string | null> =>
  firstMiss(checks, probeKey(context, loadBalancer, checks), (check) =>
    missesThrough(context, loadBalancer, entrance, as, check),
  );

/** The same asked of a server itself, and the user's own scripts on it; a server is good when all of it holds. */
export async function missesOn(context: StepContext, server: Application, checks: Checks): Promise<string | null> {
  const { write, script } = checks;
  const key = probeKey(context, server.name, checks);
  const ask = (check: HttpCheck) => server.probe(check, ASK_MS);
  const missed = await firstMiss({ ...checks, write: null }, key, ask);
  if (missed) return missed;
  for (const check of script) {
    const failed = await server.runCheck(check);
    if (failed) return failed;
  }
  return write ? writeMiss(write, key, ask) : null;
}

/** Null when every check held within the limit. */
export async function lastMiss(
  context: StepContext,
  server: Application,
  good: Checks,
  healthyMs: number,
): Promise<string | null> {
  let missed: string | null = null;
  const held = await context.until(healthyMs, async () => {
    missed = await missesOn(context, server, good);
    return missed === null;
  });
  return held ? null : (missed ?? "no check was asked");
}

/** What scripts may take beyond the time in which all must hold: the last try may have begun right before its end. */
export const scriptMs = (good: Checks | null): number =>
  2_000 * (good?.script ?? []).reduce((sum, { seconds }) => sum + seconds, 0);

type Ask = (check: HttpCheck) => Promise<string | null>;

async function firstMiss({ health, read, write }: Checks, key: string, ask: Ask): Promise<string | null> {
  for (const check of [health, ...read]) {
    const missed = await ask(withKey(check, key));
    if (missed) return missed;
  }
  return write ? writeMiss(write, key, ask) : null;
}

async function writeMiss(write: NonNullable<Checks["write"]>, key: string, ask: Ask): Promise<string | null> {
  // A try that a crash cut short may have left its row; where there is none, the answer does not matter.
  for (const check of write.cleanUp) await ask(withKey(check, key));
  for (const check of [write, ...write.cleanUp]) {
    const missed = await ask(withKey(check, key));
    if (missed) return missed;
  }
  return null;
}

/** The same for every try, so that each cleans up after the one before; a write that nobody cleans up needs a fresh one. */
function probeKey({ world, upgrade }: StepContext, place: string, { write }: Checks): string {
  const key = `probe-${upgrade}-${place}`;
  return write && write.cleanUp.length > 0 ? key : `${key}-${world.clock.now()}`;
}

export const sayChecks = ({ read, write, script }: Checks): string =>
  [
    "health",
    ...(read.length > 0 ? [`${read.length} reads`] : []),
    ...(write ? ["a write"] : []),
    ...(script.length > 0 ? [`${script.length} scripts`] : []),
  ].join(", ");
