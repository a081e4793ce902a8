/** Guard about front ends: a major upgrade stands new application servers beside the old ones, and their hosts have room for one each. */
import { type Guard, refuses, type Wish } from "./guard.ts";

export const noFrontEndSplit: Guard<Wish> = {
  name: "no front end has to be split",
  finds: ({ definition }) =>
    definition.application.frontEnds
      ? refuses(
          "its load balancers stay, and while the old application servers stand beside them, the new ones can't",
          "to give new servers hosts of their own: set application.frontEnds: false, then: changeover up FILE",
        )
      : null,
};
