/** Guards about others who work on the environment: an upgrade that was begun meanwhile, and a person's lock. */
import { type Guard, refuses } from "./guard.ts";

export const noOtherUpgrade: Guard = {
  name: "no other upgrade is on its way",
  finds: ({ other }) => (other ? refuses(`"${other.id}" is ${other.state}`, `changeover watch ${other.id}`) : null),
};

export const notLocked: Guard = {
  name: "the environment is not locked",
  finds: ({ lock }) =>
    lock
      ? refuses(
          `locked by ${lock.by} since ${new Date(lock.at).toISOString()}: ${lock.reason}`,
          `changeover unlock ${lock.environment}`,
        )
      : null,
};
