/** Median, maximum and percentiles of what was measured. */

export interface Figure {
  unit: "ms" | "MB" | "count" | "ratio";
  median: number;
  max: number;
  p99?: number;
  /** What we said we would reach, for the statistic named. */
  target?: { statistic: "median" | "max"; most: number };
}

const round = (value: number): number => Math.round(value * 100) / 100;

export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  const place = (sorted.length - 1) * (percent / 100);
  const [low, high] = [sorted[Math.floor(place)] ?? Number.NaN, sorted[Math.ceil(place)] ?? Number.NaN];
  return round(low + (high - low) * (place - Math.floor(place)));
}

export const median = (values: readonly number[]): number => percentile(values, 50);

export const figureOf = (unit: Figure["unit"], values: readonly number[], target?: Figure["target"]): Figure => ({
  unit,
  median: median(values),
  max: round(Math.max(...values)),
  ...(target ? { target } : {}),
});

export const holds = ({ target, ...figure }: Figure): boolean => !target || figure[target.statistic] <= target.most;
