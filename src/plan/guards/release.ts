/** Guards about the release that is wished for. */
import { type Guard, refuses, type Wish } from "./guard.ts";

export const releaseKnown: Guard<Wish> = {
  name: "the release is known",
  finds: ({ definition, to }) =>
    definition.releases[to]
      ? null
      : refuses(
          `release "${to}" is not among ${Object.keys(definition.releases).join(", ")}`,
          "add it to the environment file, then: changeover up FILE",
        ),
};

export const releaseIsAnother: Guard<Wish> = {
  name: "the release is another one",
  finds: ({ blue, to }) =>
    blue.release === to ? refuses(`release ${to} is what serves now`, "name another release with --to") : null,
};

export const releaseMigrates: Guard<Wish> = {
  name: "the release migrates",
  finds: ({ definition, to }) =>
    definition.releases[to]?.migrate
      ? null
      : refuses(
          `release ${to} has no migrate command, so it needs no major upgrade`,
          "give it a migrate command, then: changeover up FILE",
        ),
};
