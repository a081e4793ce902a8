/** Plans an upgrade and asks every guard about it: the plan, what it changes and all that was said, or one Problem. */
import type { Difference } from "../model/difference.ts";
import type { GuardResult } from "../model/guard.ts";
import type { Plan, UpgradeStrategy } from "../model/plan.ts";
import { readBlue } from "./blue.ts";
import { differencesOf } from "./differences.ts";
import { neededGuards, neededMinorGuards, otherGuards, otherMinorGuards } from "./guards/all.ts";
import { ask, type Circumstances, mustPass, refused } from "./guards/guard.ts";
import type { MajorInput } from "./strategies/major/cast.ts";
import { planMajor } from "./strategies/major/major.ts";
import { planMinor } from "./strategies/minor/minor.ts";

export interface PlannedUpgrade {
  plan: Plan;
  guards: GuardResult[];
  differences: Difference[];
}

export interface UpgradeInput extends MajorInput {
  /** Major when left out: it supposes nothing of the schema. */
  strategy?: UpgradeStrategy;
}

export function planUpgrade(input: UpgradeInput, circumstances: Circumstances): PlannedUpgrade {
  const { strategy = "major" } = input;
  const wish = { definition: input.definition, blue: readBlue(input.inventory), to: input.to };
  const [needs, others] = strategy === "major" ? [neededGuards, otherGuards] : [neededMinorGuards, otherMinorGuards];
  const needed = ask(needs, wish);
  const make = () => (strategy === "major" ? planMajor(input) : planMinor({ ...input, strategy }));
  const plan = refused(needed).length > 0 ? null : make();
  const guards = [...needed, ...ask(others, { ...wish, ...circumstances, plan })];
  mustPass(guards, wish);
  if (!plan) throw new Error("no plan, and no guard that refuses it");
  return { plan, guards, differences: differencesOf(wish, input.artefacts[input.to] ?? "") };
}
