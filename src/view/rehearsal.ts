/** Draws a rehearsal for eyes: what it took, or where and why it failed. Pure text. */
import type { Rehearsal, RehearsalView } from "../model/rehearsal.ts";
import { bytes } from "./amounts.ts";
import { oneLine, seconds } from "./ladder.ts";

export const rehearsalEnded = ({ state }: Rehearsal): boolean => state === "rehearsed" || state === "failed";

export function drawRehearsal(seen: RehearsalView): string[] {
  const { id, environment, to, state, problem, result } = seen;
  if (!rehearsalEnded(seen)) {
    return [
      `The rehearsal goes on without this command and takes its clone down. End it: changeover rehearse --cancel`,
    ];
  }
  const lines = [
    `${state === "rehearsed" ? "✓" : "✗"} ${environment} → ${to} ${state} on a clone, which is gone (${id})`,
  ];
  if (problem) lines.push(`  why:     ${oneLine(`${problem.what} · ${problem.why}`)}`, `  next:    ${problem.next}`);
  if (result) lines.push(...drawResult(result));
  if (state === "rehearsed")
    lines.push(`  next:    changeover plan ${environment} --to ${to}, which says what to expect`);
  return lines;
}

function drawResult({ upgrade, costs, databaseBytes, backupBytes }: NonNullable<Rehearsal["result"]>): string[] {
  const time = (ms: number | null): string => (ms === null ? "not reached" : seconds(ms));
  return [
    `  window   ${time(costs.windowMs)} (migration ${time(costs.migrationMs)}, snapshots ${time(costs.snapshotMs)})`,
    `  disk     ${bytes(costs.diskBytes)} at most, tables ${bytes(databaseBytes)}, one backup ${bytes(backupBytes)}`,
    `  report   changeover report ${upgrade}`,
  ];
}
