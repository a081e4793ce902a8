/** Plans an upgrade and asks every guard about it: the plan, what it changes and all that was said, or one Problem. */
import type { Difference } from "../model/difference.ts";
import type { GuardResult } from "../model/guard.ts";
import type { Plan } from "../model/plan.ts";
import { readBlue } from "./blue.ts";
import { differencesOf } from "./differences.ts";
import { neededGuards, otherGuards } from "./guards/all.ts";
import { ask, type Circumstances, mustPass, refused } from "./guards/guard.ts";
import type { MajorInput } from "./strategies/major/cast.ts";
import { planMajor } from "./strategies/major/major.ts";

export interface PlannedUpgrade {
  plan: Plan;
  guards: GuardResult[];
  differences: Difference[];
}

export function planUpgrade(input: MajorInput, circumstances: Circumstances): PlannedUpgrade {
  const wish = { definition: input.definition, blue: readBlue(input.inventory), to: input.to };
  const needed = ask(neededGuards, wish);
  const plan = refused(needed).length > 0 ? null : planMajor(input);
  const guards = [...needed, ...ask(otherGuards, { ...wish, ...circumstances, plan })];
  mustPass(guards, wish);
  if (!plan) throw new Error("no plan, and no guard that refuses it");
  return { plan, guards, differences: differencesOf(wish, input.artefacts[input.to] ?? "") };
}
