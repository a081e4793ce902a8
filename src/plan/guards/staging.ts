/** Guard about staging: the same plan must have ended well there. */
import { likenessOf } from "../likeness.ts";
import { type Guard, refuses } from "./guard.ts";

export const stagingAccepted: Guard = {
  name: "staging has accepted the plan",
  finds({ definition: { staging }, to, plan, accepted }) {
    if (staging === undefined || plan === null || accepted.includes(likenessOf(plan))) return null;
    return refuses(
      `no upgrade with the same plan, whatever its servers are called, ended well on "${staging}"`,
      `changeover upgrade ${staging} --to ${to}`,
    );
  },
};
