/** Guard about drift: the file, what was saved of it, and the world must tell the same. */
import type { Drift } from "../../model/drift.ts";
import { type Guard, refuses, warns } from "./guard.ts";

export const notDrifted: Guard = {
  name: "the environment is as its file says",
  finds({ drift }) {
    const lasting = drift.filter(({ heals }) => !heals);
    const [first] = lasting.length > 0 ? lasting : drift;
    if (!first) return null;
    return lasting.length > 0 ? refuses(told(lasting), first.next) : warns(told(drift), first.next);
  },
};

const told = (drift: Drift[]): string =>
  drift.map(({ where, wanted, seen }) => `${where}: ${seen}, wanted ${wanted}`).join(", and ");
