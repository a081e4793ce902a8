/** Tells when something was journalled, so that watchers need not ask again and again. */
import { openSession } from "./session.ts";

export interface Changes {
  /** Resolves at the next change, or after `ms`. */
  next(ms: number): Promise<void>;
  close(): Promise<void>;
}

export async function openChanges(options: { url: string; revive?: () => Promise<unknown> }): Promise<Changes> {
  const waiting = new Set<() => void>();
  const session = await openSession({
    ...options,
    channel: "changeover",
    onChange() {
      for (const wake of [...waiting]) wake();
    },
  });
  return {
    next: (ms) =>
      new Promise((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, ms);
        waiting.add(wake);
      }),
    close: () => session.close(),
  };
}
