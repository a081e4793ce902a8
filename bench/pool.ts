/** A hundred servers into and out of a pool of one real HAProxy, beside the same commands on its runtime socket. */
import { needDesired } from "../src/drivers/haproxy/desired.ts";
import { waitFor } from "../src/model/clock.ts";
import { createHaproxyWorld } from "../test/real/haproxy-world.ts";
import { settings } from "../test/contract/load-balancer/world.ts";
import { systemClock } from "../src/run/clock.ts";
import { figureOf } from "./figures.ts";
import { type RawMember, rawIn, rawOut } from "./pool-raw.ts";
import type { Asked, Outcome, Row } from "./results.ts";

const RUNS = 5;
const MEMBERS = 100;
const HEALTHY_MS = 20_000;
type World = Awaited<ReturnType<typeof createHaproxyWorld>>;

export async function pool({ runs }: Asked): Promise<Outcome> {
  const world = await createHaproxyWorld();
  const rows: Row[] = [];
  try {
    await world.lb.start(settings);
    const { socket } = await needDesired(world.host);
    const members: RawMember[] = [];
    for (let at = 0; at < MEMBERS; at++) members.push((await world.application(`app-${at}`, at + 2)).member);
    for (let run = 1; run <= (runs ?? RUNS); run++) {
      const rawInMs = await timed(() => rawIn(socket, members));
      const rawOutMs = await timed(() => rawOut(socket, members));
      const inMs = await timed(() => allIn(world, members));
      const outMs = await timed(() => allOut(world, members));
      rows.push({
        run,
        inMs,
        rawInMs,
        inRatio: ratio(inMs, rawInMs),
        outMs,
        rawOutMs,
        outRatio: ratio(outMs, rawOutMs),
      });
      console.error(`  ${JSON.stringify(rows.at(-1))}`);
    }
  } finally {
    await world.close();
  }
  const of = (column: string) => rows.map((row) => Number(row[column]));
  return {
    rows,
    failures: [],
    figures: {
      [`${MEMBERS} in`]: figureOf("ms", of("inMs")),
      [`${MEMBERS} in, raw`]: figureOf("ms", of("rawInMs")),
      "in, ratio": figureOf("ratio", of("inRatio")),
      [`${MEMBERS} out`]: figureOf("ms", of("outMs")),
      [`${MEMBERS} out, raw`]: figureOf("ms", of("rawOutMs")),
      "out, ratio": figureOf("ratio", of("outRatio")),
    },
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return Math.round(performance.now() - began);
}

const ratio = (ms: number, rawMs: number): number => Math.round((100 * ms) / rawMs) / 100;

/** As the step does it: all side by side, then until the load balancer finds each of them healthy. */
async function allIn({ lb }: World, members: RawMember[]): Promise<void> {
  await Promise.all(members.map((member) => lb.addMember("a", member)));
  const healthy = await waitFor(systemClock, { withinMs: HEALTHY_MS, everyMs: 50 }, async () => {
    const seen = await lb.members("a");
    return seen.filter(({ state, healthy }) => state === "ready" && healthy).length === members.length;
  });
  if (!healthy) throw new Error(`not every server was healthy within ${HEALTHY_MS} ms`);
}

async function allOut({ lb }: World, members: RawMember[]): Promise<void> {
  await Promise.all(members.map(({ server }) => lb.removeMember("a", server, 0)));
  const left = await lb.members("a");
  if (left.length > 0) throw new Error(`${left.length} servers are still in the pool`);
}
