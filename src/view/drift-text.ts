/** Draws drift for eyes: each difference with what was wanted and what comes next. Pure text. */
import type { Drift } from "../model/drift.ts";

export interface DriftFacts {
  environment: string;
  readAt: number;
  drift: Drift[];
  kept: { name: string; why: string }[];
  upgrade: string | null;
}

export function drawDrift({ environment, readAt, drift, kept, upgrade }: DriftFacts): string[] {
  const found =
    drift.length === 0 ? "no drift" : `${drift.length} ${drift.length === 1 ? "difference" : "differences"}`;
  return [
    `${environment}: ${found}, seen ${new Date(readAt).toISOString()}`,
    ...drift.flatMap(({ where, wanted, seen, next, heals }) => [
      `  ${heals ? "!" : "✗"} ${where}: ${seen}, wanted ${wanted}`,
      `      next: ${heals ? "the next upgrade sets it right" : next}`,
    ]),
    ...kept.map(({ name, why }) => `  kept: ${name}, ${why}`),
    ...(upgrade === null ? [] : [`  "${upgrade}" is on its way: what differs may be its doing`]),
  ];
}
