/** Compare what every server serves with what it is to serve: the release on it, and what the application itself says. */
import { z } from "zod";
import { httpCheckSchema } from "../model/environment.ts";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { each } from "./parts/each.ts";
import { servers } from "./parts/shapes.ts";
import { all } from "./parts/words.ts";

const ASK_MS = 5_000;

export const compareVersion = defineStep({
  name: "compare-version",
  input: z.strictObject({
    servers,
    release: z.string(),
    artefact: z.string(),
    /** Its answer holds the release's name; null where the environment file has no `checks.version`. */
    ask: httpCheckSchema.nullable(),
    withinMs: z.number(),
  }),
  undoable: "always",
  says: ({ servers: names, release }) => `Compare the version on ${all(names)} with ${release}`,
  byHand: ({ servers: names, release, ask }) => ({
    act: `On ${all(names)} look which release is unpacked${ask ? `, and ask each for ${ask.path}` : ""}.`,
    see: `Each has ${release}${ask ? " and says so" : ""}.`,
    back: null,
  }),
  limitMs: ({ withinMs }) => withinMs + 60_000,
  async apply() {},
  async verify({ world, until }, { servers: names, release, artefact, ask, withinMs }) {
    const wrong = await each(names, async (name) => {
      const application = await world.application(name);
      const seen = await application.installed();
      if (seen?.release !== release || seen.artefact !== artefact) {
        return [`"${name}" holds ${seen ? `${seen.release} (${seen.artefact.slice(0, 12)})` : "nothing"}`];
      }
      if (ask === null) return [];
      let missed: string | null = "it was not asked";
      await until(withinMs, async () => {
        missed = await application.probe(ask, ASK_MS);
        return missed === null;
      });
      return missed === null ? [] : [`"${name}": ${missed}`];
    });
    const [first] = wrong.flat();
    if (first === undefined) {
      const said = ask ? `asked for ${ask.path}` : "the application was not asked: the file has no checks.version";
      return { servers: names.length, release, artefact: artefact.slice(0, 12), said };
    }
    throw new Problem("step-failed", {
      what: `not every server serves ${release}`,
      why: wrong.flat().join("; "),
      next: "changeover status, mend the release, then plan again",
    });
  },
});
