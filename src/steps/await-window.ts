/** Wait for the hour that was named, then look whether the calendar lets the public be told to come back later. */
import { z } from "zod";
import type { Plan } from "../model/plan.ts";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { freezeSchema, instant, whyShut, windowSchema, wordsOf } from "../model/windows.ts";

/** An hour that is further away than this is a matter for a calendar, not for a waiting upgrade. */
export const LONGEST_WAIT_MS = 14 * 24 * 3_600_000;

export const awaitWindow = defineStep({
  name: "await-window",
  input: z.strictObject({
    /** Null: only look. */
    at: instant.nullable(),
    windows: z.array(windowSchema),
    freezes: z.array(freezeSchema),
  }),
  undoable: "always",
  says: ({ at }) =>
    at === null ? "Look whether the window is open now" : `Wait until ${at}, then look whether the window is open`,
  byHand: ({ at, windows, freezes }) => ({
    act: at === null ? "Look at the clock." : `Wait until ${at}.`,
    see: [
      windows.length === 0 ? "Any hour will do." : `It is inside of ${windows.map(wordsOf).join(" or of ")}.`,
      ...freezes.map(({ from, to, why }) => `It is not between ${from} and ${to}: ${why}.`),
    ].join(" "),
    back: null,
  }),
  waits: true,
  limitMs: ({ at }) => (at === null ? 0 : LONGEST_WAIT_MS) + 60_000,
  async apply({ world: { clock }, signal }, { at }) {
    if (at !== null) await clock.sleep(Math.max(0, Date.parse(at) - clock.now()), signal);
  },
  async verify({ world: { clock } }, { at, ...calendar }) {
    const now = clock.now();
    const early = at !== null && now < Date.parse(at);
    const shut = early ? `it begins at ${at}` : whyShut(calendar, now);
    if (shut === null) return { began: new Date(now).toISOString() };
    throw new Problem("refused", {
      what: "the window is not open",
      why: shut,
      next: "name a time inside of it: changeover upgrade --at TIME",
    });
  },
});

/** The time that a plan waits for; null when it waits for none. */
export function plannedStart({ stages }: Plan): string | null {
  const waits = stages.flatMap(({ steps }) => steps).find(({ step }) => step === awaitWindow.name);
  return waits ? awaitWindow.input.parse(waits.input).at : null;
}
