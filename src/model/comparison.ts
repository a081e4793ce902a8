/** Compares how two releases do while both serve: errors among their answers, time to answer, trouble in their logs. Pure. */

export interface Sample {
  answers: number;
  /** Those of them with a status of 500 or more. */
  errors: number;
  /** Mean time to answer; null when nobody knows. */
  latencyMs: number | null;
}

export interface Tolerance {
  /** So many more errors per hundred answers. */
  errorsPercent: number;
  slowerTimes: number;
  slowerMs: number;
}

/** Null when the new release does as well as the old one, else a sentence. One error alone never condemns. */
export function whyWorse(old: Sample, now: Sample, tolerance: Tolerance): string | null {
  const allowed = Math.max(1, ((percent(old.errors, old.answers) + tolerance.errorsPercent) / 100) * now.answers);
  if (now.errors > allowed) {
    return `${share(now.errors, now.answers)} of the new release's answers are errors, ${share(old.errors, old.answers)} of the old one's`;
  }
  if (old.latencyMs === null || now.latencyMs === null) return null;
  if (now.latencyMs <= old.latencyMs * tolerance.slowerTimes + tolerance.slowerMs) return null;
  return `the new release takes ${Math.round(now.latencyMs)} ms to answer, the old one ${Math.round(old.latencyMs)} ms`;
}

export interface Trouble {
  /** Lines of logs that tell of it. */
  lines: number;
  answers: number;
}

/** A few lines are no sign: servers say something when they start. */
const LINES_ALLOWED = 2;

/** Null when the logs tell of no more trouble per answer than before, else a sentence. */
export function whyMoreTrouble(before: Trouble, after: Trouble, errorsPercent: number): string | null {
  const usual = before.lines / Math.max(1, before.answers);
  const allowed = LINES_ALLOWED + (usual + errorsPercent / 100) * Math.max(1, after.answers);
  if (after.lines <= allowed) return null;
  return (
    `${after.lines} lines of trouble in ${after.answers} answers since the switch, ` +
    `${before.lines} in ${before.answers} before it`
  );
}

const percent = (part: number, whole: number): number => (whole === 0 ? 0 : (100 * part) / whole);

const share = (part: number, whole: number): string => `${percent(part, whole).toFixed(1)} % (${part} in ${whole})`;
