/** Draws what every guard said about a plan. Pure text. */
import type { GuardResult } from "../model/guard.ts";

const MARK: Record<GuardResult["result"], string> = { holds: "✓", warns: "!", refuses: "✗" };

export const drawGuards = (guards: readonly GuardResult[]): string[] =>
  guards.map(({ name, result, why, next }) => `  ${MARK[result]} ${name}${why ? `: ${why} · ${next}` : ""}`);
