/** Scheduled backups: looks which environment is due, and starts one there when nothing else is under way. */
import type { Clock } from "../model/clock.ts";
import { dueAt, type ScheduleFacts } from "../model/schedule.ts";

/** What the schedule has to know and do, so that its promises can be shown without a database or a server. */
export interface SchedulePorts {
  clock: Clock;
  /** Those whose file wishes for a schedule, and how often. */
  wished(): Promise<{ environment: string; everyMs: number }[]>;
  /** An upgrade, backup or restore is unfinished there. */
  busy(environment: string): Promise<boolean>;
  tries(environment: string): Promise<ScheduleFacts["tries"]>;
  /** Read from the servers: when the newest proven backup was taken, and whether somebody suspended the schedule. */
  look(environment: string): Promise<{ newestAt: number | null; suspended: boolean }>;
  /** Only one control plane at a time does the work; false: another one does it just now. */
  alone(environment: string, work: () => Promise<void>): Promise<boolean>;
  /** Starts a backup; keeps its own record, also of what refused it. */
  take(environment: string): Promise<void>;
  /** The servers could not be looked at: one more try that failed. */
  failed(environment: string, error: unknown): Promise<void>;
}

/** A person may take or remove backups meanwhile, or change the file: so often servers are looked at in any case. */
const LOOK_EVERY_MS = 10 * 60_000;

export function createSchedule(ports: SchedulePorts): () => Promise<void> {
  const lookAgainAt = new Map<string, number>();
  const isDue = async (environment: string, everyMs: number): Promise<boolean> => {
    const { newestAt, suspended } = await ports.look(environment);
    const due = dueAt({ everyMs, newestAt, tries: await ports.tries(environment) });
    const now = ports.clock.now();
    lookAgainAt.set(environment, suspended ? now + LOOK_EVERY_MS : Math.min(Math.max(due, now), now + LOOK_EVERY_MS));
    return !suspended && due <= now;
  };
  const serve = async (environment: string, everyMs: number): Promise<void> => {
    // Cheap questions first: most of the time nothing is due.
    const tries = await ports.tries(environment);
    if (dueAt({ everyMs, newestAt: null, tries }) > ports.clock.now()) return;
    if ((lookAgainAt.get(environment) ?? 0) > ports.clock.now() || (await ports.busy(environment))) return;
    await ports.alone(environment, async () => {
      try {
        // Another control plane may have been faster, up to a moment ago.
        if ((await isDue(environment, everyMs)) && !(await ports.busy(environment))) await ports.take(environment);
      } catch (error) {
        await ports.failed(environment, error);
      }
    });
  };
  return async () => {
    for (const { environment, everyMs } of await ports.wished()) await serve(environment, everyMs);
  };
}
