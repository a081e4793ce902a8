/** How an environment is upgraded without downtime: its section in the environment file. */
import { z } from "zod";

const seconds = z
  .number()
  .min(0.1)
  .max(24 * 3600);

/** Lines of a log that tell of trouble, as most languages and servers write them. */
const TROUBLE = "(ERROR|FATAL|PANIC|CRITICAL|Uncaught|Unhandled|Traceback|Exception)";

export const minorSchema = z.strictObject({
  batch: z.int().min(1).max(1000).default(1).describe("`rolling` and `in-place` change so many servers at a time"),
  floor: z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe("never fewer healthy servers than this in the pool; all but one batch when left out"),
  shares: z
    .array(z.int().min(1).max(99))
    .min(1)
    .max(20)
    .default([5, 25, 50])
    .describe("`canary` gives the new release so many percent of the public's requests, one after the other"),
  soakSeconds: seconds
    .default(60)
    .describe("so long old and new are compared at each share, and once all have switched"),
  waitSeconds: seconds
    .default(900)
    .describe("for `samples` answers at a share; then nobody can judge, and the way back is taken"),
  samples: z.int().min(1).max(1_000_000).default(50).describe("answers of the new release that a share is judged by"),
  errorsPercent: z
    .number()
    .min(0)
    .max(100)
    .default(0.5)
    .describe("so many more answers of 500 and above, or lines of trouble per answer, than the old release has"),
  slowerTimes: z.number().min(1).max(1000).default(1.5).describe("the new release may take so many times as long"),
  slowerMs: z.number().min(0).max(60_000).default(20).describe("and so much longer on top"),
  logErrors: z
    .string()
    .min(1)
    .max(500)
    .default(TROUBLE)
    .describe("extended regular expression: lines of the applications' and load balancers' logs that tell of trouble"),
});
