/** Prune backups: those of earlier upgrades go, and the drill; what this upgrade took before and after migrating stays. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { servers } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

export const pruneBackups = defineStep({
  name: "prune-backups",
  input: z.strictObject({ servers, drill: z.string() }),
  undoable: "never",
  says: ({ servers: names }) => `Remove backups of earlier upgrades on ${names.map((name) => `"${name}"`).join(", ")}`,
  byHand: ({ servers: names }) => ({
    act: `On ${all(names)} remove backups that are not to be kept any longer.`,
    see: "What is left is what the rule keeps; a proven one is among it.",
    back: null,
  }),
  limitMs: () => 60_000,
  async apply(context, { servers: names, drill }) {
    for (const { server, id } of await outdated(context, names, drill)) {
      await (await context.world.database(server)).removeBackup(id);
    }
  },
  async verify(context, { servers: names, drill }) {
    const left = await outdated(context, names, drill);
    if (left.length === 0) return { pruned: true };
    throw new Problem("step-failed", {
      what: "backups of earlier upgrades are left",
      why: left.map(({ server, id }) => `${id} on ${server}`).join(", "),
      next: "changeover status",
    });
  },
});

async function outdated({ world, upgrade }: StepContext, names: string[], drill: string) {
  const found: { server: string; id: string }[] = [];
  for (const server of names) {
    for (const { id } of await (await world.database(server)).backups()) {
      if (!id.startsWith(`${upgrade}-`) || id === `${upgrade}-${drill}`) found.push({ server, id });
    }
  }
  return found;
}
