/** Put a release on servers; what runs there goes on running. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { install } from "./parts/shapes.ts";
import { one } from "./parts/words.ts";

export const installRelease = defineStep({
  name: "install-release",
  input: z.strictObject({ server: z.string(), install, limitMs: z.number() }),
  undoable: "always",
  says: ({ server, install: wanted }) => `Put release ${wanted.release} on "${server}"`,
  byHand: ({ server, install: wanted }) => ({
    act: `On ${one(server)} unpack release ${wanted.release} (content ${wanted.artefact.slice(0, 12)}), set its inputs, its database to ${wanted.database.address}:${wanted.database.port}${wanted.prepare ? `, and run: ${wanted.prepare}` : ""}. Start nothing.`,
    see: "The folder holds that release; what ran there runs on.",
    back: null,
  }),
  limitMs: ({ limitMs }) => limitMs,
  async apply({ world }, { server, install: wanted }) {
    await (await world.application(server)).install(wanted, () => world.artefact(wanted.artefact));
  },
  async verify({ world }, { server, install: wanted }) {
    const seen = await (await world.application(server)).installed();
    if (seen?.artefact === wanted.artefact && seen.release === wanted.release) {
      return { release: seen.release, artefact: seen.artefact.slice(0, 12) };
    }
    throw new Problem("step-failed", {
      what: `"${server}" does not hold release ${wanted.release}`,
      why: seen ? `it holds release ${seen.release}` : "nothing is installed there",
      next: "changeover status",
    });
  },
});
