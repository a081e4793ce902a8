/** What makes two plans the same: all that they do and with what, but not where: names, addresses, slots and times of keeping. */
import { createHash } from "node:crypto";
import { canonical, type Plan } from "../model/plan.ts";

const SERVER = /^[a-z][a-z0-9-]*-\d+$/;
const ADDRESS = /\b\d{1,3}(\.\d{1,3}){3}\b/g;
/** Which of two places, and how a server came about: a clone begins in the first place, its original is wherever it is. */
const PLACES = new Set(["says", "slot", "from", "to", "labels", "environment", "keptUntil", "seconds", "port"]);

/** The same for a plan and for its rehearsal on a clone. */
export function planShape(plan: Plan): string {
  const stages = [...plan.stages, ...plan.afterWayBack].map(({ name, parallel, steps }) => ({
    name,
    parallel,
    steps: alike(steps.map(({ step, input }) => ({ step, input: stripped(input) }))),
  }));
  const { strategy, from, to, failAt } = plan;
  return createHash("sha256").update(canonical({ strategy, from, to, failAt, stages })).digest("hex").slice(0, 16);
}

function stripped(value: unknown): unknown {
  if (typeof value === "string") return SERVER.test(value) ? "(server)" : value.replace(ADDRESS, "(address)");
  if (Array.isArray(value)) return alike(value.map(stripped));
  if (value === null || typeof value !== "object") return value;
  const kept = Object.entries(value).filter(([key]) => !PLACES.has(key));
  return Object.fromEntries(kept.map(([key, held]) => [key, stripped(held)]));
}

/** Neighbours that differ in nothing but their place are one. */
const alike = <T>(items: T[]): T[] =>
  items.filter((item, at) => at === 0 || canonical(item) !== canonical(items[at - 1]));
