/** Note the position before the public comes in, prove that what follows can be counted, and that the way back stands. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { namesThere } from "./parts/records.ts";
import { servers } from "./parts/shapes.ts";
import { one } from "./parts/words.ts";

const input = z.strictObject({
  primary: z.string(),
  loadBalancers: servers,
  /** What a way back needs: the frozen standby and the old servers. */
  wayBack: z.strictObject({ standby: z.string(), servers }),
});

export const markReopening = defineStep({
  name: "mark-reopening",
  input,
  undoable: "always",
  says: ({ primary }) => `Note the position of "${primary}" behind the page: what is written after it can be counted`,
  byHand: ({ primary, wayBack }) => ({
    act: `While the page is up on every load balancer, write down the GTID position of ${one(primary)} and the time.`,
    see: `${one(wayBack.standby)} still stands closed at its position, and the old servers are there: that is the way back.`,
    back: null,
  }),
  limitMs: () => 60_000,
  async check(context, { wayBack }) {
    const missing = await missingFor(context, wayBack);
    if (missing === null) return;
    throw new Problem("refused", {
      what: "a way back after reopening would not work",
      why: missing,
      next: "changeover status, then plan again",
    });
  },
  async apply() {},
  async verify({ world }, { primary, loadBalancers }) {
    for (const name of loadBalancers) {
      if (await (await world.loadBalancer(name)).readMaintenance()) continue;
      throw new Problem("step-failed", {
        what: `the public is in already through "${name}"`,
        why: "it does not show the page",
        next: "changeover status",
      });
    }
    const database = await world.database(primary);
    const position = await database.position();
    await database.writesSince(position);
    return { position, at: world.clock.now() };
  },
});

/** Null when the old servers are there and the standby still stands at one position, closed. */
export async function missingFor(
  context: Pick<StepContext, "world">,
  { standby, servers: names }: z.infer<typeof input>["wayBack"],
): Promise<string | null> {
  const present = await namesThere(context);
  const gone = [standby, ...names].filter((name) => !present.has(name));
  if (gone.length > 0) return `gone: ${gone.map((name) => `"${name}"`).join(", ")}`;
  const { running, writable, following } = await (await context.world.database(standby)).health();
  if (!running) return `the standby "${standby}" does not run`;
  if (writable || following !== null)
    return `the standby "${standby}" ${writable ? "takes writes" : `follows ${following}`}`;
  return null;
}

/** What the step of a plan was told, for those who count later. */
export const readMark = (given: unknown): z.infer<typeof input> => input.parse(given);
