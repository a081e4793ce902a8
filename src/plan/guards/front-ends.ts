/** Guard about front ends: new application servers stand beside the old ones, and a front end has room for one. */
import { type Guard, refuses, type Wish } from "./guard.ts";

export const noFrontEndSplit: Guard<Wish> = {
  name: "no front end has to be split",
  finds: ({ definition }) =>
    definition.application.frontEnds
      ? refuses(
          "its load balancers stay, and while the old application servers stand beside them, the new ones can't",
          "--strategy replace brings new front ends, in-place keeps them; or set application.frontEnds: false, then: changeover up FILE",
        )
      : null,
};
