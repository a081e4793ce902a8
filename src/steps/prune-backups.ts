/** Prune backups: what retention no longer keeps goes, on every database server that is in service. */
import { z } from "zod";
import { type HeldBackup, isVerified, onShelf } from "../model/backup.ts";
import { Problem } from "../model/problem.ts";
import { retained } from "../model/retention.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { heldBackups } from "./parts/held-backups.ts";

const count = z.int().min(0);
const input = z.strictObject({
  keep: z.strictObject({ last: count, daily: count, weekly: count, monthly: count, yearly: count }),
});
type Input = z.infer<typeof input>;

/** Nothing is undone of it: what goes is what nobody is to go back to. */
export const pruneBackups = defineStep({
  name: "prune-backups",
  input,
  undoable: "always",
  says: ({ keep }) =>
    `Remove backups beyond the last ${keep.last} and the newest of ${keep.daily} days, ${keep.weekly} weeks, ` +
    `${keep.monthly} months and ${keep.yearly} years`,
  byHand: ({ keep }) => ({
    act:
      `Remove proven backups that are neither among the last ${keep.last} nor the newest of one of ${keep.daily} days, ` +
      `${keep.weekly} weeks, ${keep.monthly} months or ${keep.yearly} years, and unproven ones that are older than the newest proven one.`,
    see: "The newest proven one and those of this upgrade are there; nothing else that the rule does not keep.",
    back: null,
  }),
  limitMs: () => 300_000,
  async apply(context, { keep }) {
    for (const { server, backup } of await outdated(context, keep)) {
      await (await context.world.database(server)).removeBackup(backup.id);
    }
  },
  async verify(context, { keep }) {
    const left = await outdated(context, keep);
    if (left.length === 0) return { kept: (await inService(context)).length };
    throw new Problem("step-failed", {
      what: "backups are left that retention does not keep",
      why: left.map(({ server, backup }) => `${backup.id} on ${server}`).join(", "),
      next: "changeover backups",
    });
  },
});

/** A server that is put aside goes as a whole: what lies there must not stand for what is to stay. */
const inService = async ({ world }: StepContext): Promise<HeldBackup[]> => onShelf(await heldBackups(world));

async function outdated(context: StepContext, keep: Input["keep"]): Promise<HeldBackup[]> {
  const held = await inService(context);
  const all = held.map(({ backup }) => ({
    id: backup.id,
    takenAt: backup.takenAt,
    verified: isVerified(backup),
    inUse: backup.id.startsWith(`${context.upgrade}-`),
  }));
  const stay = retained(all, keep, context.world.clock.now());
  return held.filter(({ backup }) => !stay.has(backup.id));
}
