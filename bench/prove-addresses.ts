/** N moves of a floating address between two real load balancers on hosts of their own, under 400 requests a second. */
import { labTrouble } from "../src/providers/lab/lab.ts";
import { type AddressWorld, openAddressWorld, startLoad } from "../test/real/address-world.ts";
import { systemClock } from "../src/run/clock.ts";
import { figureOf } from "./figures.ts";
import type { Asked, Outcome, Row } from "./results.ts";

const MOVES = 10;

export async function proveAddresses({ runs }: Asked): Promise<Outcome> {
  const trouble = labTrouble();
  if (trouble !== null) throw new TypeError(`no lab here: ${trouble}`);
  const world = await openAddressWorld();
  try {
    const first = await world.run(world.planMove(null, "lb-1"));
    if (first.end.state !== "upgraded") throw new Error(`nobody took it: ${JSON.stringify(first.end)}`);
    const rows: Row[] = [];
    for (let move = 1; move <= (runs ?? MOVES); move++) rows.push(await oneMove(world, move));
    return {
      rows,
      failures: rows.flatMap(failuresOf),
      figures: {
        move: figureOf(
          "ms",
          rows.map(({ tookMs }) => Number(tookMs)),
        ),
        "slowest request": figureOf(
          "ms",
          rows.map(({ slowestMs }) => Number(slowestMs)),
        ),
      },
    };
  } finally {
    await world.close();
  }
}

/** Requests begin before the move and end after it; those that take a second by themselves are no slow ones. */
async function oneMove(world: AddressWorld, move: number): Promise<Row> {
  const [from, to] = move % 2 === 1 ? ["lb-1", "lb-2"] : ["lb-2", "lb-1"];
  const load = startLoad(world.address);
  await systemClock.sleep(500);
  const began = performance.now();
  const { end } = await world.run(world.planMove(from ?? null, to ?? ""));
  const tookMs = Math.round(performance.now() - began);
  await systemClock.sleep(500);
  const { asked, failed, slowestMs } = await load.stop();
  const of = (kind: string) => failed.filter((one) => one.kind === kind).length;
  const holders = (await world.holders()).join(" and ");
  for (const { kind, why } of failed.slice(0, 5)) console.error(`  ${kind}: ${why}`);
  const row = {
    move,
    to: to ?? "",
    asWanted: end.state === "upgraded" && holders === to,
    ...{ kept: asked.kept, fresh: asked.fresh, long: asked.long },
    ...{ keptFailed: of("kept"), freshFailed: of("fresh"), longFailed: of("long") },
    slowestMs,
    tookMs,
  };
  console.error(`  ${JSON.stringify(row)}`);
  return row;
}

function failuresOf(row: Row): string[] {
  const failed = ["keptFailed", "freshFailed", "longFailed"].filter((count) => row[count] !== 0);
  return [
    ...failed.map((count) => `${row[count]} ${count}`),
    ...(row.asWanted === true ? [] : ["not where it was wanted"]),
  ].map((failure) => `move ${row.move} to ${row.to}: ${failure}`);
}
