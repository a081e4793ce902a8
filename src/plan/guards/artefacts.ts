/** Guards about the release's files: committed, and the same as ever under their name. */
import { notCommitted } from "../../model/committed.ts";
import { type Guard, refuses, warns } from "./guard.ts";

export const releaseCommitted: Guard = {
  name: "the release is committed",
  finds({ definition, to, artefact: { git } }) {
    const strict = definition.policy.artefacts === "committed";
    const why = notCommitted(`the folder of release ${to}`, git);
    if (why === null || (git === null && !strict)) return null;
    const again = `changeover plan ${definition.environment} --to ${to}`;
    const next = git !== null && "trouble" in git ? again : `commit it, then: ${again}`;
    return strict ? refuses(why, next) : warns(why, next);
  },
};

export const releaseUnchanged: Guard = {
  name: "the release has not changed",
  finds: ({ to, artefact: { hash, served } }) =>
    hash === null || served.length === 0 || served.includes(hash)
      ? null
      : refuses(
          `release ${to} served as ${served.join(", ")} and now packs to ${hash}; a release never changes`,
          "name a new release in the environment file, then: changeover up FILE",
        ),
};
