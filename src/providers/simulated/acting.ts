/** How a control plane acts on the simulated site: effects take time, carry a token, and it can die at any moment of them. */
import type { Clock } from "../../model/clock.ts";
import { waitFor } from "../../model/clock.ts";
import type { Host } from "../../model/host.ts";
import { Problem } from "../../model/problem.ts";

export interface ControlPlane {
  clock: Clock;
  /** Awaited right before and right after each effect; a promise that never settles is its death at that moment. */
  passing(moment: string): Promise<void>;
}

/** One change that happens at once or not at all; long acts are several of them. */
export async function effect<T>(
  { clock, passing }: ControlPlane,
  what: string,
  takesMs: number,
  act: () => T | Promise<T>,
): Promise<T> {
  await passing(`before ${what}`);
  await clock.sleep(takesMs);
  const result = await act();
  await passing(`after ${what}`);
  return result;
}

/** An effect on a machine: refused when a newer control plane has acted there. */
export const effectOn = <T>(
  plane: ControlPlane,
  host: Host,
  what: string,
  takesMs: number,
  act: () => T | Promise<T>,
): Promise<T> =>
  effect(plane, `${what} on "${host.name}"`, takesMs, async () => {
    await host.claim();
    return act();
  });

export async function awaitUp({ clock }: ControlPlane, name: string, up: () => boolean): Promise<void> {
  if (await waitFor(clock, { withinMs: 10_000, everyMs: 25 }, async () => up())) return;
  throw new Problem("unhealthy", {
    what: `"${name}" did not come up`,
    why: "its process did not answer within 10 s",
    next: "changeover doctor",
  });
}

/** Null when nothing came in time. */
export async function within<T>({ clock }: ControlPlane, timeoutMs: number, asked: Promise<T>): Promise<T | null> {
  const over = new AbortController();
  const late = clock.sleep(timeoutMs, over.signal).then(
    () => null,
    () => null,
  );
  try {
    return await Promise.race([asked, late]);
  } finally {
    over.abort();
  }
}
