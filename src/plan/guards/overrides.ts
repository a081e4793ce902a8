/** Guard about inputs: what is lent to a server or a group would outlive the upgrade, and nobody may take it back meanwhile. */
import { drawOverride } from "../../model/inputs/override.ts";
import { type Guard, refuses } from "./guard.ts";

export const nothingOverridden: Guard = {
  name: "no input is overridden",
  finds({ definition: { environment }, now, overrides }) {
    if (overrides.length === 0) return null;
    // Also what ends soon: servers that are launched before and after that moment would not be alike.
    return refuses(
      overrides.map((one) => drawOverride(one, now)).join("; "),
      `changeover inputs promote ${environment}, or: changeover inputs drop ${environment}`,
    );
  },
};
