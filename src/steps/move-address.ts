/** Move a floating address to another load balancer, from the one named in the plan and from no other. */
import { z } from "zod";
import { ONLY_NOTED, standingOf } from "../model/floating-address.ts";
import { httpCheckSchema } from "../model/environment.ts";
import { Problem } from "../model/problem.ts";
import { defineStep, type Evidence, type StepContext } from "../model/step.ts";
import {
  endHandOver,
  handOver,
  type HandOver,
  holdersOf,
  leftOf,
  mustAnswer,
  mustBeOurs,
  mustServe,
  mustServeAt,
} from "./parts/hand-over.ts";
import { entrance } from "./parts/shapes.ts";
import { one } from "./parts/words.ts";

const input = z.strictObject({
  /** As the environment file calls it. */
  name: z.string(),
  address: z.string(),
  /** Null: nobody holds it yet. */
  from: z.string().nullable(),
  to: z.string(),
  entrance,
  health: httpCheckSchema,
  witness: z.string(),
  closeMs: z.number(),
  settleMs: z.number(),
  drainMs: z.number(),
});

export const moveAddress = defineStep({
  name: "move-address",
  input,
  undoable: "always",
  says: ({ name, address, from, to }) =>
    from === null
      ? `Let "${to}" take ${name} (${address}), which nobody holds`
      : `Move ${name} (${address}) from "${from}" to "${to}"`,
  byHand: ({ address, from, to, witness, closeMs, settleMs }) => ({
    act:
      from === null
        ? `On ${one(to)} add ${address} to its interface and announce it by gratuitous ARP.`
        : `See that ${one(from)} holds ${address}. Let it answer with Connection: close for ${closeMs} ms. Let ${one(to)} send packets of connections that it did not begin on to ${one(from)}. On ${one(to)} add ${address} to its interface and announce it by gratuitous ARP. Wait ${settleMs} ms and until ${one(from)} has no connection by it; then take it from ${one(from)}.`,
    see: `Asked from ${one(witness)}, ${address} is answered by ${one(to)}; no other load balancer holds it.`,
    back: from === null ? `Take it from ${one(to)}.` : `Move it back the same way.`,
  }),
  limitMs: ({ closeMs, drainMs }) => closeMs + 2 * drainMs + 60_000,
  async check(context, move) {
    const holders = await holdersOf(context, move.address);
    if (standingOf(move, holders) === "done") return;
    await mustBeOurs(context, move, holders);
    await mustServe(context, move.to, move);
  },
  apply: handOver,
  verify: prove,
  async undo(context, move) {
    const { address, from, to } = move;
    const holders = await holdersOf(context, address);
    if (!holders.includes(to)) {
      // It never came so far, or somebody has moved it on since: nothing of it is ours to give back.
      await endHandOver(context, move);
      return { holder: holders.join(" and ") || "nobody" };
    }
    if (from === null) {
      standingOf(move, holders);
      await (await context.world.addressHolder(to)).release(address);
      return { holder: "nobody" };
    }
    const back = { ...move, from: to, to: from };
    standingOf(back, holders);
    await mustServe(context, from, back);
    await handOver(context, back);
    return prove(context, back);
  },
});

/** From the world, as it is afterwards. */
async function prove(context: StepContext, move: HandOver): Promise<Evidence> {
  const { address, from, to, witness } = move;
  const holders = await holdersOf(context, address);
  if (standingOf(move, holders) !== "done") {
    throw new Problem("step-failed", {
      what: `${address} is not held by "${to}" alone`,
      why: `held by ${holders.join(" and ") || "nobody"}`,
      next: "changeover address list",
    });
  }
  const facts = { address, holder: to, before: from ?? "nobody" };
  if (!(await context.world.addressHolder(to)).onNetwork) return { ...facts, proves: ONLY_NOTED };
  const left = await leftOf(context, move);
  if (left.length > 0) {
    throw new Problem("step-failed", {
      what: `the move of ${address} was cut short`,
      why: left.join("; "),
      next: "changeover address list",
    });
  }
  await mustAnswer(context, move, null);
  await mustServeAt(context, move);
  const why = await (await context.world.addressHolder(to)).whyNotPassing();
  const inFlight = why === null ? "passed on to the old one until it ended" : `could be cut: ${why}`;
  return { ...facts, answeredBy: to, askedFrom: witness, ...(from === null ? {} : { inFlight }) };
}
