/** Draws locks for eyes: what is locked, what that denies, and how far an environment is from being locked down. Pure text. */
import { type Lock, lockedBy, lockedThing } from "../model/lock.ts";
import type { LockdownView } from "../model/lockdown.ts";

export interface LocksFacts {
  environment: string;
  locks: Lock[];
  run: { id: string; state: string } | null;
  denied: { does: string; why: string }[];
}

export function drawLocks({ environment, locks, run, denied }: LocksFacts): string[] {
  const lines = locks.map((lock) => `  ${lockedThing(lock)} ${lockedBy(lock)}`);
  if (run) lines.push(`  "${run.id}" is ${run.state}, and alone holds the key`);
  if (lines.length === 0) return [`${environment}: nothing is locked, and no run is in flight`];
  const reasons = [...new Set(denied.map(({ why }) => why))];
  const told = reasons.map((why) => {
    const what = denied.filter((one) => one.why === why).map(({ does }) => does);
    return `  refused, because ${why}: ${what.join("; ")}`;
  });
  return [`${environment}:`, ...lines, ...told];
}

export function drawLockdown({ environment, readAt, lockedDown, lines }: LockdownView): string[] {
  const open = lines.filter(({ ok }) => !ok);
  const verdict = lockedDown ? "locked down" : `not locked down, ${open.length} of ${lines.length} do not hold`;
  return [
    `${environment}: ${verdict}, seen ${new Date(readAt).toISOString()}`,
    ...lines.flatMap(({ subject, asks, ok, why, next }) => [
      `  ${ok ? "✓" : "✗"} ${subject}, ${asks}: ${why}`,
      ...(next === null ? [] : [`      next: ${next}`]),
    ]),
  ];
}
