/** Bring a release to servers, beside the one that is there: what takes long is over before any of them leaves service. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { each } from "./parts/each.ts";
import { servers } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

export const bringRelease = defineStep({
  name: "bring-release",
  input: z.strictObject({ servers, release: z.string(), artefact: z.string(), limitMs: z.number() }),
  undoable: "always",
  says: ({ servers: names, release }) => `Bring release ${release} to ${all(names)}, beside the one that runs`,
  byHand: ({ servers: names, release, artefact }) => ({
    act: `On ${all(names)} unpack release ${release} (content ${artefact.slice(0, 12)}) in a folder beside the one that runs.`,
    see: "The folder is there; what runs was not touched.",
    back: "Remove that folder.",
  }),
  limitMs: ({ limitMs }) => limitMs,
  apply: async ({ world }, { servers: names, artefact }) =>
    void (await each(names, async (name) =>
      (await world.application(name)).bring(artefact, () => world.artefact(artefact)),
    )),
  async verify({ world }, { servers: names, artefact }) {
    const there = await each(names, async (name) => (await (await world.application(name)).brought()) === artefact);
    const missing = names.filter((_, at) => !there[at]);
    if (missing.length === 0) return { servers: names.length, artefact: artefact.slice(0, 12) };
    throw new Problem("step-failed", {
      what: "the release is not on every server",
      why: `missing on ${missing.join(", ")}`,
      next: "changeover status, then plan again",
    });
  },
  async undo({ world }, { servers: names }) {
    const there = (await world.provider.records(world.environment, names)).map(({ name }) => name);
    await each(there, async (name) => (await world.application(name)).forgetBrought());
  },
});
