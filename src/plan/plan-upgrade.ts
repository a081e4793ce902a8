/** Plans an upgrade and asks every guard about it: the plan, what it changes and all that was said, or one Problem. */
import type { Difference } from "../model/difference.ts";
import type { GuardResult } from "../model/guard.ts";
import type { Plan, UpgradeStrategy } from "../model/plan.ts";
import { readBlue } from "./blue.ts";
import { differencesOf } from "./differences.ts";
import { besideGuards, neededGuards, neededMinorGuards, otherGuards, otherMinorGuards } from "./guards/all.ts";
import { ask, type Circumstances, type Guard, mustPass, refused, type Wish } from "./guards/guard.ts";
import type { MajorInput } from "./strategies/major/cast.ts";
import { planMajor } from "./strategies/major/major.ts";
import type { MinorInput } from "./strategies/minor/cast.ts";
import { planMinor } from "./strategies/minor/minor.ts";

export interface PlannedUpgrade {
  plan: Plan;
  guards: GuardResult[];
  differences: Difference[];
}

export interface UpgradeInput extends MajorInput, Pick<MinorInput, "holders" | "page"> {
  /** Major when left out: it supposes nothing of the schema. */
  strategy?: UpgradeStrategy;
}

export function planUpgrade(input: UpgradeInput, circumstances: Circumstances): PlannedUpgrade {
  const { strategy = "major" } = input;
  const wish = { definition: input.definition, blue: readBlue(input.inventory), to: input.to };
  const [needs, others] = guardsOf(strategy);
  const needed = ask(needs, wish);
  const make = () => (strategy === "major" ? planMajor(input) : planMinor({ ...input, strategy }));
  const plan = refused(needed).length > 0 ? null : make();
  const guards = [...needed, ...ask(others, { ...wish, ...circumstances, plan })];
  mustPass(guards, wish);
  if (!plan) throw new Error("no plan, and no guard that refuses it");
  return { plan, guards, differences: differencesOf(wish, input.artefacts[input.to] ?? "") };
}

function guardsOf(strategy: UpgradeStrategy): [readonly Guard<Wish>[], readonly Guard[]] {
  if (strategy === "major") return [neededGuards, otherGuards];
  const keepsFrontEnds = strategy === "replace" || strategy === "in-place";
  return [keepsFrontEnds ? neededMinorGuards : besideGuards, otherMinorGuards];
}
