/** Guards about others who work on the environment: an upgrade that was begun meanwhile, and people's locks. */
import { lockedBy, lockedThing, unlockCommand } from "../../model/lock.ts";
import { mayDo } from "../../model/locks/matrix.ts";
import { type Guard, refuses } from "./guard.ts";

export const noOtherUpgrade: Guard = {
  name: "no other upgrade is on its way",
  finds: ({ other }) => (other ? refuses(`"${other.id}" is ${other.state}`, `changeover watch ${other.id}`) : null),
};

export const notLocked: Guard = {
  name: "nothing is locked",
  finds({ locks }) {
    const [first, ...others] = locks;
    const environment = locks.some(({ server }) => server === null);
    const ruling = mayDo("upgrade", { environment, server: locks.length > 0, run: "none" }, "person");
    if (!first || ruling.allowed) return null;
    const whose = first.server === null ? "" : `${lockedThing(first)} is `;
    const more = others.length === 0 ? "" : `; and ${others.length} more`;
    const next = others.length === 0 ? unlockCommand(first) : `changeover unlock ${first.environment} --all`;
    return refuses(`${whose}${lockedBy(first)}${more}`, next);
  },
};
