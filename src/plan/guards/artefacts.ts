/** Guards about the release's files: committed, and the same as ever under their name. */
import { type Guard, refuses, warns } from "./guard.ts";

/** So many files are named. */
const NAMED = 5;

export const releaseCommitted: Guard = {
  name: "the release is committed",
  finds({ definition, to, artefact: { git } }) {
    const strict = definition.policy.artefacts === "committed";
    const finding = strict ? refuses : warns;
    const again = `changeover plan ${definition.environment} --to ${to}`;
    const folder = `the folder of release ${to}`;
    if (git === null) return strict ? refuses(`${folder} is in no git work tree`, `commit it, then: ${again}`) : null;
    if ("trouble" in git) return finding(`git can't say whether ${folder} is committed: ${git.trouble}`, again);
    if (git.changes.length === 0) return null;
    const more = git.changes.length > NAMED ? ` and ${git.changes.length - NAMED} more` : "";
    return finding(
      `not committed in ${folder}: ${git.changes.slice(0, NAMED).join(", ")}${more}`,
      `commit it, then: ${again}`,
    );
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
