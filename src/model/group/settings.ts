/** What an environment file says of its scaling group: how small, how large, when, and how it is decided. */
import { z } from "zod";
import { DAYS, time, zone } from "../windows.ts";

/** Fixed ones, and as many in the group: twice as many have addresses. */
export const MOST_SERVERS = 10_000;

const many = z.int().min(0).max(MOST_SERVERS);
const seconds = z
  .number()
  .min(0)
  .max(24 * 3600);

const changeSchema = z.strictObject({
  days: z.array(z.enum(DAYS)).min(1),
  at: time.describe("by the clocks of its zone; holds until the next change"),
  zone,
  min: many,
  max: many,
});
export type ScheduledChange = z.infer<typeof changeSchema>;

/** Beside its name. */
export const groupShape = {
  size: many.describe("how many it first comes up with"),
  min: many.optional().describe("`size` when left out"),
  max: many.optional().describe("`size` when left out"),
  enabled: z.boolean().default(false).describe("whether it begins enabled; afterwards people say"),
  thresholdPercent: z.int().min(1).max(100).default(51).describe("of the voters, more for one way than for the other"),
  growBy: z.int().min(1).max(100).default(2),
  shrinkBy: z.int().min(1).max(100).default(1),
  calmSeconds: seconds.default(900).describe("after a change no vote changes it again"),
  votesSeconds: z.number().min(1).max(86_400).default(3600).describe("an older vote no longer counts"),
  strandedSeconds: seconds.default(120).describe("unhealthy for so long, a server counts as stranded"),
  failuresMax: z.int().min(1).max(100).default(3).describe("failed launches in a row, then it disables itself"),
  schedule: z.array(changeSchema).max(100).default([]).describe("other bounds from these times on"),
};

const settingsSchema = z.strictObject({ name: z.string(), ...groupShape });
type Written = z.infer<typeof settingsSchema>;

export interface Span {
  min: number;
  max: number;
}

export type GroupSettings = Omit<Written, "min" | "max"> & Span;

/** What is left out means: it stays as large as it came up. */
export const settingsOf = (written: Written): GroupSettings => ({
  ...written,
  min: written.min ?? written.size,
  max: written.max ?? written.size,
});

/** As many servers as its file may ever ask for. */
export const mostIn = (written: Written | undefined): number =>
  written ? Math.max(written.size, written.max ?? 0, ...written.schedule.map(({ max }) => max)) : 0;

/** Rules between its keys, with the place of each that is broken. */
export function wrongIn(written: Written | undefined): { path: (string | number)[]; why: string }[] {
  if (!written) return [];
  const { min, max, size } = settingsOf(written);
  const found: { path: (string | number)[]; why: string }[] = [];
  if (min > max) found.push({ path: ["min"], why: `${min} is more than max, ${max}` });
  else if (size < min || size > max) found.push({ path: ["size"], why: `must be from min to max, ${min} to ${max}` });
  for (const [at, change] of written.schedule.entries()) {
    if (change.min <= change.max) continue;
    found.push({ path: ["schedule", at, "min"], why: `${change.min} is more than its max, ${change.max}` });
  }
  return found;
}
