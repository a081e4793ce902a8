/** Put another release in the place of the one on servers that serve nobody; the one before comes back when it is undone. */
import { z } from "zod";
import type { Install } from "../model/application.ts";
import { canonical } from "../model/plan.ts";
import { Problem } from "../model/problem.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { each } from "./parts/each.ts";
import { install } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

export const replaceRelease = defineStep({
  name: "replace-release",
  input: z.strictObject({
    changes: z.array(z.strictObject({ server: z.string(), before: install, after: install })).min(1),
    /** Of each; they are changed side by side. */
    limitMs: z.number(),
  }),
  undoable: "always",
  says: ({ changes }) =>
    `Put release ${changes[0]?.after.release} in the place of ${changes[0]?.before.release} on ${all(namesIn(changes))}`,
  byHand: ({ changes }) => ({
    act: `On ${all(namesIn(changes))}, where web and worker are stopped, unpack release ${changes[0]?.after.release} (content ${changes[0]?.after.artefact.slice(0, 12)}) in the place of ${changes[0]?.before.release}, with its inputs${changes[0]?.after.prepare ? `, and run: ${changes[0].after.prepare}` : ""}.`,
    see: "The folder holds that release.",
    back: `Unpack release ${changes[0]?.before.release} (content ${changes[0]?.before.artefact.slice(0, 12)}) again, with the inputs that it had.`,
  }),
  limitMs: ({ limitMs }) => limitMs,
  check: async (context, { changes }) => void (await each(changes, ({ server }) => mustRest(context, server))),
  apply: async (context, { changes }) => void (await each(changes, ({ server, after }) => put(context, server, after))),
  async verify({ world }, { changes }) {
    await each(changes, async ({ server, after }) => {
      const seen = await (await world.application(server)).installed();
      if (canonical(seen) === canonical(after)) return;
      throw new Problem("step-failed", {
        what: `"${server}" does not hold release ${after.release}`,
        why: seen ? `it holds release ${seen.release}` : "nothing is installed there",
        next: "changeover status",
      });
    });
    const [first] = changes;
    return {
      servers: changes.length,
      release: first?.after.release ?? "",
      artefact: first?.after.artefact.slice(0, 12) ?? "",
    };
  },
  async undo(context, { changes }) {
    await each(changes, async ({ server, before }) => {
      if ((await context.world.provider.find(context.world.environment, server)) === null) return;
      const seen = await (await context.world.application(server)).installed();
      if (canonical(seen) === canonical(before)) return;
      await mustRest(context, server);
      await put(context, server, before);
    });
  },
});

const namesIn = (changes: { server: string }[]): string[] => changes.map(({ server }) => server);

const put = async ({ world }: StepContext, server: string, wanted: Install): Promise<void> =>
  (await world.application(server)).install(wanted, () => world.artefact(wanted.artefact));

/** Files must not change under a process that runs from them. */
async function mustRest({ world }: StepContext, server: string): Promise<void> {
  const application = await world.application(server);
  const states = await Promise.all((["web", "worker"] as const).map((role) => application.state(role)));
  if (states.every(({ state }) => state === "stopped" || state === "absent")) return;
  throw new Problem("refused", {
    what: `the release on "${server}" can't be replaced`,
    why: "it still runs there",
    next: `changeover server show ${world.environment} ${server}`,
  });
}
