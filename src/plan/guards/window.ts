/** Guard about the hour: inside the environment's windows, outside its freezes, and not too far away to wait for. */
import { nextOpening, whyShut } from "../../model/windows.ts";
import { LONGEST_WAIT_MS } from "../../steps/await-window.ts";
import { type Guard, refuses } from "./guard.ts";

export const windowOpen: Guard = {
  name: "the window is open",
  finds({ definition, to, now, at }) {
    const shut = whyNotAt({ at, now, shut: whyShut(definition, at ?? now) });
    if (shut === null) return null;
    const opens = nextOpening(definition, now, LONGEST_WAIT_MS);
    const command = `changeover upgrade ${definition.environment} --to ${to}`;
    return refuses(
      shut,
      opens === null
        ? "nothing opens within 14 days: change windows or freezes in the environment file, then: changeover up FILE"
        : `${command} --at ${new Date(opens).toISOString()}`,
    );
  },
};

/** Windows are for the page, which a minor upgrade does not show; a freeze is for every change. */
export const notFrozen: Guard = {
  name: "nothing is frozen",
  finds({ definition, now }) {
    const shut = whyShut({ windows: [], freezes: definition.freezes }, now);
    if (shut === null) return null;
    return refuses(shut, "wait for its end, or change freezes in the environment file, then: changeover up FILE");
  },
};

function whyNotAt({ at, now, shut }: { at: number | null; now: number; shut: string | null }): string | null {
  if (at !== null && at < now) return `${new Date(at).toISOString()} is over`;
  if (at !== null && at > now + LONGEST_WAIT_MS) return `${new Date(at).toISOString()} is more than 14 days away`;
  return shut;
}
