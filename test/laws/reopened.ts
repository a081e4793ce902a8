/** The story of a way back after reopening: people see what it would lose, accept that, and it is taken. */
import type { Problem } from "../../src/model/problem.ts";
import { problemData } from "../../src/model/upgrade.ts";
import { WayBackWanted } from "../../src/run/way-back.ts";
import type { ShopSite } from "./run.ts";
import { type Story, upgradeUnderClients } from "./upgraded.ts";

const KEEP_SECONDS = 60;
const SERVES_MS = 1_500;

/** Asked for at the gate that keeps the way back, once the public has written to the new release for a while. */
export function takenBackAfterReopening(story: Story = {}) {
  const asked = new AbortController();
  let shop: ShopSite | null = null;
  return upgradeUnderClients({
    keepSeconds: KEEP_SECONDS,
    wayBackAsked: asked.signal,
    ask: async ({ input }) => {
      if ((input as { gate: string }).gate !== "retire") return null;
      await shop?.site.clock.sleep(SERVES_MS);
      asked.abort(new WayBackWanted("the new release is wrong", true));
      return problemData(asked.signal.reason as Problem);
    },
    ...story,
    prepare: (on) => {
      shop = on;
      story.prepare?.(on);
    },
  });
}
