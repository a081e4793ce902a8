/** Watches every environment that has alerts, each at its own pace: one that can't be looked at holds up no other. */
import { problemData } from "../model/upgrade.ts";
import { endWatches } from "../store/alert-events.ts";
import { ownEnvironments, type SavedEnvironment } from "../store/environments.ts";
import { freshWatch, lookOnce, type LookParts, type WatchMemory } from "./alert-look.ts";
import { repeat } from "./repeat.ts";

const TICK_MS = 1_000;

/** `alone`: nobody else can be watching, so that whoever did has died. */
export async function watchAlerts(parts: LookParts, alone: boolean): Promise<{ stop(): Promise<void> }> {
  if (alone) await endWatches(parts.store, null);
  const { tick, settled } = createAlertWatch(parts, console.error);
  const loop = repeat(tick, TICK_MS, console.error);
  return {
    async stop() {
      await loop.stop();
      await settled();
      await endWatches(parts.store, parts.boot);
    },
  };
}

export function createAlertWatch(parts: LookParts, log: (line: string) => void) {
  const watches = new Map<string, Watch>();
  const going = new Set<Promise<unknown>>();
  const goOn = (work: Promise<unknown>): void => {
    going.add(work);
    void work.finally(() => going.delete(work));
  };
  const look = async (watch: Watch, saved: SavedEnvironment): Promise<void> => {
    try {
      for (const action of await lookOnce(parts, saved, watch.memory)) goOn(action.catch(told(watch)));
      watch.trouble = "";
    } catch (error) {
      told(watch)(error);
    } finally {
      watch.looking = false;
    }
  };
  /** The same trouble again is no news. */
  const told =
    (watch: Watch) =>
    (error: unknown): void => {
      const { what, why } = problemData(error);
      const line = `changeover: alerts of ${watch.environment}: ${what}: ${why}`;
      if (line !== watch.trouble) log(line);
      watch.trouble = line;
    };
  return {
    async tick(): Promise<void> {
      const environments = await ownEnvironments(parts.store);
      for (const name of watches.keys()) if (!environments.some((one) => one.name === name)) watches.delete(name);
      for (const saved of environments) {
        const watch = watches.get(saved.name) ?? freshOne(saved.name);
        watches.set(saved.name, watch);
        const now = parts.clock.now();
        if (watch.looking || watch.nextAt > now) continue;
        watch.looking = true;
        watch.nextAt = now + saved.definition.limits.alertSeconds * 1000;
        goOn(look(watch, saved));
      }
    },
    /** All that was begun has ended. */
    async settled(): Promise<void> {
      while (going.size > 0) await Promise.allSettled(going);
    },
  };
}

interface Watch {
  environment: string;
  looking: boolean;
  nextAt: number;
  memory: WatchMemory;
  trouble: string;
}

const freshOne = (environment: string): Watch => ({
  environment,
  looking: false,
  nextAt: 0,
  memory: freshWatch(),
  trouble: "",
});
