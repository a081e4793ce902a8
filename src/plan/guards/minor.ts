/** Guards about upgrades without downtime: something is to change, and enough servers go on serving meanwhile. */
import { areFrontEnds } from "../blue.ts";
import { differencesOf } from "../differences.ts";
import { type Guard, refuses } from "./guard.ts";

/** The release may stay: another template, or other inputs, are reason enough. */
export const somethingChanges: Guard = {
  name: "something is to change",
  finds({ definition, blue, to, artefact, plan }) {
    if (blue.release !== to) return null;
    const found = differencesOf({ definition, blue, to }, artefact.hash ?? "");
    // What a server was launched with stays as long as it is there.
    const inPlace = plan?.strategy === "in-place";
    if (plan?.strategy === "replace" && areFrontEnds(blue) !== definition.application.frontEnds) return null;
    if (found.some(({ key }) => !inPlace || key !== "template")) return null;
    if (found.length > 0) {
      return refuses(
        "only the template differs, and in place no server is launched",
        "use --strategy replace or rolling",
      );
    }
    return refuses(
      `release ${to} is what serves now, with the same content, inputs and template`,
      "name another release with --to",
    );
  },
};

export const floorHolds: Guard = {
  name: "enough servers go on serving",
  finds({ definition, blue, plan }) {
    const { batch, floor = 1 } = definition.minor;
    const servers = blue.applications.length;
    const next = "lower minor.batch or minor.floor in the environment file, then: changeover up FILE";
    if (plan?.strategy === "rolling" && floor > servers) {
      return refuses(`minor.floor is ${floor}, and there are ${servers} servers`, next);
    }
    if (plan?.strategy !== "in-place" || servers - batch >= floor) return null;
    return refuses(
      `of ${servers} servers ${Math.max(0, servers - batch)} serve while a batch of ${batch} is upgraded in place; at least ${floor} must`,
      servers < 2 ? "use --strategy replace, which launches a server beside it" : next,
    );
  },
};
