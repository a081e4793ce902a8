/** One measurement of one thing that an alert watches, and whether it is what the alert waits for. Pure. */
import { type MetricName, metricOf, type Unit } from "./metrics.ts";
import type { AlertRule } from "./rule.ts";

export interface Sample {
  at: number;
  /** Null: it could not be told, and `note` says why. Never 0 for what is not known. */
  value: number | null;
  /** What stands behind the value; empty where the value says all. */
  note: string;
  /** Made up by a person to prove what the alert does. */
  synthetic?: true;
}

type Condition = AlertRule["when"];

/** What can't be told counts as wrong: a replica whose lag nobody knows is no replica that is in sync. */
export function holds({ over, under }: Pick<Condition, "over" | "under">, { value }: Sample): boolean {
  if (value === null) return true;
  return over !== undefined ? value > over : value < (under ?? Number.NEGATIVE_INFINITY);
}

/** The nearest value at which the condition holds, for a synthetic sample. */
export const valueBeyond = ({ over, under }: Condition): number => (over !== undefined ? over + 1 : (under ?? 0) - 1);

/** And one at which it does not. */
export const valueWithin = ({ over, under }: Condition): number => over ?? under ?? 0;

export const conditionInWords = ({ metric, over, under, forSeconds }: Condition): string => {
  const limit = over !== undefined ? `over ${numberInWords(over)}` : `under ${numberInWords(under ?? 0)}`;
  return `${metric} ${limit}${forSeconds > 0 ? ` for ${numberInWords(forSeconds)} s` : ""}`;
};

export function valueInWords(metric: MetricName, { value, note }: Pick<Sample, "value" | "note">): string {
  if (value === null) return `unknown: ${note}`;
  const told = numberOf(metricOf(metric).unit, value);
  return note === "" ? told : `${told} (${note})`;
}

function numberOf(unit: Unit, value: number): string {
  if (unit === "yes or no") return value > 0 ? "yes" : "no";
  const number = numberInWords(value);
  if (unit === "percent") return `${number} %`;
  return unit === "count" ? number : `${number} ${unit}`;
}

const numberInWords = (value: number): string => String(Math.round(value * 100) / 100);
