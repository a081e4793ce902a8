/** Guard about being apart: of an environment whose file says so, no release may lead to another one. */
import { type Guard, refuses } from "./guard.ts";

export const sharesNothing: Guard = {
  name: "nothing is shared with another environment",
  finds({ shared }) {
    if (shared.length === 0) return null;
    return refuses(shared.join("; "), "mend these lines, then: changeover up FILE");
  },
};
