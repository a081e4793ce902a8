/** Kills the control plane with signal 9 at every step of every minor upgrade and of its way back, under mixed clients. */
import type { PlanAnswer } from "../src/api/contract.ts";
import { minorStrategies, type MinorStrategy } from "../src/model/plan.ts";
import { type Hit, killAlong, type Point } from "../test/product/killer.ts";
import type { Product } from "../test/product/product.ts";
import { everyPoint, inFlight, inTheirOrder, type KillRun, killRuns, outcomeOfKills, rowsOfKills } from "./kills.ts";
import { underMixed } from "./mixed/under.ts";
import { harmIn, isSound, NEW, NOTES, OLD, PROVEN, reportOf, upgradeCommand, withNotes } from "./notes.ts";
import type { Asked, Outcome, Row } from "./results.ts";
import { inShard, spread } from "./shard.ts";

const GATE = "retire";

interface StrategyRun extends KillRun {
  strategy: MinorStrategy;
}

/** `points` of each strategy; a shard is a part of the runs. */
export async function proveMinorCrash({ points, shard }: Asked): Promise<Outcome> {
  const runs = await withNotes("points", { minor: PROVEN }, (product) => allRuns(product, points));
  if (shard.of > runs.length) throw new TypeError(`there are ${runs.length} runs: say --shard 1/${runs.length}`);
  const rows: Row[] = [];
  for (const run of inShard(runs, shard)) {
    const ran = await withNotes(`crash-${run.strategy}`, { minor: PROVEN }, (product) => oneRun(product, run));
    rows.push(...ran.map((row) => ({ strategy: run.strategy, ...row })));
  }
  return outcomeOfKills(rows);
}

async function allRuns(product: Product, points: number | null): Promise<StrategyRun[]> {
  const runs: StrategyRun[] = [];
  for (const strategy of minorStrategies) {
    const plan = await product.answer<PlanAnswer>(["plan", NOTES, "--to", NEW, "--strategy", strategy]);
    runs.push(...killRuns(spread(everyPoint(plan), points)).map((run) => ({ strategy, ...run })));
  }
  return runs;
}

async function oneRun(product: Product, run: StrategyRun): Promise<Row[]> {
  const { strategy, ending, kills } = run;
  const hits: Hit[] = [];
  let ended = { upgrade: "", outcome: "" };
  const { row } = await underMixed(product, "crash", async () => {
    const began = product.start(upgradeCommand(strategy));
    const { id } = await inFlight(product, NOTES, strategy);
    const along = async (direction: Point["direction"]): Promise<void> => {
      hits.push(...(await killAlong(product, id, inTheirOrder(kills, direction))));
    };
    if (ending === "rolled-back") {
      await along("apply");
      await began.ended;
      const back = product.start(["rollback", id]);
      await along("undo");
      await along("after");
      await back.ended;
    } else {
      await began.ended;
      await product.answer(["approve", id, GATE]);
      await along("apply");
      await product.run(["watch", id]);
    }
    ended = { upgrade: id, outcome: (await reportOf(product, id)).outcome };
  });
  const trouble = [
    ...(ended.outcome === ending ? [] : [`it ended ${ended.outcome}`]),
    ...((await isSound(product, ending === "upgraded" ? NEW : OLD, ending)) ? [] : ["it is not as it should be"]),
    ...harmIn(row),
  ];
  console.error(`  ${JSON.stringify({ strategy, ...row, ...ended })}`);
  return rowsOfKills(run, hits, trouble.join(", "));
}
