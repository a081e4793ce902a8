/** Hands a floating address from one load balancer to another: both hold it for a while, so that nobody meets neither. */
import { type AddressHolder, type Move, standingOf } from "../../model/floating-address.ts";
import { ANSWERED_BY } from "../../model/load-balancer.ts";
import { misses } from "../../model/http-check.ts";
import { Problem } from "../../model/problem.ts";
import type { HttpCheck } from "../../model/application.ts";
import type { StepContext } from "../../model/step.ts";
import type { World } from "../../model/world.ts";
import { isPage } from "./asking.ts";
import { each } from "./each.ts";
import type { Entrance } from "./shapes.ts";

export interface HandOver extends Move {
  /** As the environment file calls the address. */
  name: string;
  entrance: Entrance;
  health: HttpCheck;
  /** A server from which the address is asked, as clients do it. */
  witness: string;
  /** So long each answer by the old one ends its connection. */
  closeMs: number;
  /** So long both hold it at least, for what is on its way. */
  settleMs: number;
  /** And at most, for requests that take longer. */
  drainMs: number;
}

const ASK_MS = 3_000;
const ANSWER_MS = 10_000;

/** Names of the load balancers that hold it, read from each of them. */
export async function holdersOf({ world }: StepContext, address: string): Promise<string[]> {
  const records = await world.provider.list(world.environment);
  const names = records.filter(({ kind }) => kind === "load-balancer").map(({ name }) => name);
  const held = await each(names, async (name) =>
    (await (await world.addressHolder(name)).holds(address)) ? name : null,
  );
  return held.filter((name) => name !== null).sort();
}

/** Somebody on the network who is none of ours must not be robbed either, and would answer half of the clients. */
export async function mustBeOurs(
  context: StepContext,
  { address, to }: Move,
  holders: readonly string[],
): Promise<void> {
  const { world } = context;
  const taker = await world.addressHolder(to);
  const claimed = await taker.claimants(address);
  if (claimed.length === 0) return;
  const ours = await each(holders, async (name) => (await world.addressHolder(name)).hardware());
  const foreign = claimed.filter((hardware) => !ours.includes(hardware));
  if (foreign.length === 0) return;
  throw new Problem("refused", {
    what: `${address} is not moved to "${to}"`,
    why: `${foreign.join(", ")} on the network has it and is no load balancer of "${world.environment}"`,
    next: "take the address from that machine, or choose another one in the environment file",
  });
}

/** It serves the public: its own route leads to servers that are well, and what it answers is as it should be. */
export async function mustServe(context: StepContext, name: string, move: HandOver): Promise<void> {
  const missed = await whyNotServing(context, name, move);
  if (missed === null) return;
  throw new Problem("unhealthy", {
    what: `"${name}" can't take an address`,
    why: `the public gets no good answer through it: ${missed}`,
    next: "changeover status",
  });
}

async function whyNotServing({ world }: StepContext, name: string, move: HandOver): Promise<string | null> {
  const balancer = await world.loadBalancer(name);
  if (!(await balancer.running())) return "it does not run";
  const slot = await balancer.readRoute("public");
  if (slot === null) return "it leads the public nowhere";
  const members = await balancer.members(slot);
  if (!members.some(({ healthy, state }) => healthy && state === "ready")) return `no server in pool ${slot} is well`;
  return missesPublicly(world, name, move);
}

/** Null when the public is answered as it should be: by the application, or by the page while that is to be shown. */
async function missesPublicly(world: World, server: string, move: HandOver, at?: string): Promise<string | null> {
  const { entrance, health, to } = move;
  const asker = { port: entrance.port, host: entrance.publicHost, tester: false, ...(at === undefined ? {} : { at }) };
  try {
    const answer = await world.ask(server, asker, health, ASK_MS);
    const paged = isPage(answer) && (await (await world.loadBalancer(to)).readMaintenance());
    return paged ? null : misses(health, answer);
  } catch (error) {
    if (error instanceof Problem && error.kind === "unreachable") return `${error.text.what}: ${error.text.why}`;
    throw error;
  }
}

/** From wherever it stands; nothing happens when it is over. */
export async function handOver(context: StepContext, move: HandOver): Promise<void> {
  const { world } = context;
  const { address, from, to } = move;
  if (standingOf(move, await holdersOf(context, address)) === "done") return endHandOver(context, move);
  const taker = await world.addressHolder(to);
  const giver = from === null ? null : await world.addressHolder(from);
  if (giver && taker.onNetwork) {
    await sendAway(context, move);
    await world.clock.sleep(move.closeMs, context.signal);
  }
  if (giver) await taker.passOn(address, move.entrance.port, giver.at);
  await taker.take(address);
  const told = world.clock.now();
  await taker.announce(address);
  if (taker.onNetwork) await mustAnswer(context, move, taker);
  if (giver) {
    if (taker.onNetwork) await drained(context, move, told);
    // Whoever asked who has it while both did may have been told the old one: before it goes, and once more behind it.
    await taker.announce(address);
    await giver.release(address);
    await taker.announce(address);
    if (taker.onNetwork) await mustAnswer(context, move, taker);
  }
  await endHandOver(context, move);
}

/** Clients of the old one are told to come again; those of the new one are not, whatever an earlier move left there. */
async function sendAway({ world }: StepContext, { address, from, to }: HandOver): Promise<void> {
  await (await world.loadBalancer(to)).setClosing(address, false);
  if (from !== null) await (await world.loadBalancer(from)).setClosing(address, true);
}

/** Afterwards nobody ends connections or passes anything on, whoever holds the address by now. */
export async function endHandOver({ world }: StepContext, move: HandOver): Promise<void> {
  const { address, from, to, entrance } = move;
  for (const name of [from, to]) {
    if (name === null) continue;
    await (await world.addressHolder(name)).passOn(address, entrance.port, null);
    await (await world.loadBalancer(name)).setClosing(address, false);
  }
}

/** What a hand-over that was cut short left there, in words. */
export async function leftOf({ world }: StepContext, { address, from, to }: HandOver): Promise<string[]> {
  const names = [from, to].filter((name) => name !== null);
  const seen = await each(names, async (name) => [
    ...((await (await world.loadBalancer(name)).readClosing(address)) ? [`"${name}" still ends each connection`] : []),
    ...((await (await world.addressHolder(name)).passesOn(address)) ? [`"${name}" still passes connections on`] : []),
  ]);
  return seen.flat();
}

/** What is still on its way by the old one is answered from there, as long as it holds the address. */
async function drained(context: StepContext, { address, from, settleMs, drainMs }: HandOver, told: number) {
  const { world, signal } = context;
  const giver = await world.addressHolder(from ?? "");
  await world.clock.sleep(Math.max(0, told + settleMs - world.clock.now()), signal);
  await context.until(Math.max(0, drainMs - settleMs), async () => (await giver.connections(address)) === 0, 100);
}

/** Asked on the isolated host name, where each load balancer says who it is; meanwhile the taker may tell it again. */
export async function mustAnswer(context: StepContext, move: HandOver, taker: AddressHolder | null): Promise<void> {
  const { address, to, witness } = move;
  let seen = "nobody";
  const answered = await context.until(ANSWER_MS, async () => {
    seen = await answersBy(context.world, move);
    if (seen === to) return true;
    await taker?.announce(address);
    return false;
  });
  if (answered) return;
  throw new Problem("step-failed", {
    what: `${address}, asked from "${witness}", is not answered by "${to}"`,
    why: `it is answered by ${seen}`,
    next: "look whether the hosts share one network, and whether it takes gratuitous ARP",
  });
}

type Asked = Pick<HandOver, "address" | "witness" | "entrance">;

/** Which load balancer a client on the witness meets; in words where it is none. */
export async function answersBy(world: World, { address, witness, entrance }: Asked): Promise<string> {
  const asker = { port: entrance.port, host: entrance.testHost, tester: false, at: address };
  try {
    const { headers } = await world.ask(witness, asker, { method: "GET", path: "/", expect: { status: 200 } }, ASK_MS);
    return headers[ANSWERED_BY] ?? "somebody else";
  } catch (error) {
    if (error instanceof Problem && error.kind === "unreachable") return `nobody: ${error.text.why}`;
    throw error;
  }
}

/** As clients ask it, from another server. */
export async function mustServeAt(context: StepContext, move: HandOver): Promise<void> {
  const { address, witness } = move;
  const missed = await missesPublicly(context.world, witness, move, address);
  if (missed === null) return;
  throw new Problem("step-failed", {
    what: `${address} gives no good answer`,
    why: `asked from "${witness}": ${missed}`,
    next: "changeover status",
  });
}
