/** Kills the control plane with signal 9 at every step of an upgrade and of its way back, a few times in each run. */
import { isDeepStrictEqual } from "node:util";
import { join } from "node:path";
import type { PlanAnswer } from "../src/api/contract.ts";
import type { LedgerSummary } from "../src/model/report.ts";
import { writeBoard } from "../test/product/board.ts";
import { migrateRuns } from "../test/product/database.ts";
import { killAlong } from "../test/product/killer.ts";
import { answerOf, openProduct, type Product } from "../test/product/product.ts";
import { serving, sightOf } from "../test/product/sights.ts";
import {
  type Ending,
  everyPoint,
  inFlight,
  inTheirOrder,
  type KillRun,
  killRuns,
  outcomeOfKills,
  rowsOfKills,
} from "./kills.ts";
import type { Asked, Outcome, Row } from "./results.ts";
import { inShard, spread } from "./shard.ts";

const SIZE = { servers: 1, workers: 0 };
const [OLD, NEW] = ["2024.1", "2024.2"];

export async function proveCrash({ points, shard }: Asked): Promise<Outcome> {
  const all = await withBoard(async (product) => everyPoint(await product.answer<PlanAnswer>(["plan", "--to", NEW])));
  const rows: Row[] = [];
  for (const run of killRuns(spread(inShard(all, shard), points))) {
    rows.push(...(await withBoard((product) => oneRun(product, run))));
  }
  return outcomeOfKills(rows);
}

async function withBoard<T>(work: (product: Product) => Promise<T>): Promise<T> {
  const product = openProduct("crash");
  try {
    const up = await product.run(["up", writeBoard(product.folder)]);
    if (up.code !== 0) throw new Error(`the board did not come up: ${up.stderr}`);
    const result = await work(product);
    const down = await product.run(["down", "--all"]);
    if (down.code !== 0) throw new Error(`the board did not go down: ${down.stderr}`);
    return result;
  } finally {
    await product.end();
  }
}

async function oneRun(product: Product, run: KillRun): Promise<Row[]> {
  const { ending, kills } = run;
  const book = join(product.folder, "book.jsonl");
  const clients = product.start(["ledger", "--file", book, "--json"]);
  const began = product.start(["upgrade", "--to", NEW, ...(ending === "upgraded" ? ["--yes"] : [])]);
  const { id } = await inFlight(product, "board", "major");
  const hits = await killAlong(product, id, inTheirOrder(kills, "apply"));
  const stopped = await began.ended;
  if (ending === "rolled-back") {
    const back = product.start(["rollback"]);
    hits.push(...(await killAlong(product, id, [...inTheirOrder(kills, "undo"), ...inTheirOrder(kills, "after")])));
    await back.ended;
  }
  clients.child.kill("SIGINT");
  const summary = answerOf<LedgerSummary>(await clients.ended);
  const trouble = [
    ...(await troubleOf(product, ending)),
    ...harm(summary),
    ...(stopped.code === 0 ? [] : [stopped.stderr]),
  ];
  return rowsOfKills(run, hits, trouble.join(", "));
}

async function troubleOf(product: Product, ending: Ending): Promise<string[]> {
  const release = ending === "upgraded" ? NEW : OLD;
  const sight = sightOf(await product.status("board"));
  const wanted = serving(String(release), SIZE, ending);
  const runs = await migrateRuns(product);
  const once = ending === "upgraded" ? [`${OLD} 1`, `${NEW} 1`] : [`${OLD} 1`];
  return [
    ...(isDeepStrictEqual(sight, wanted) ? [] : [`it serves like this: ${JSON.stringify(sight)}`]),
    ...(isDeepStrictEqual(runs, once) ? [] : [`migrations ran: ${runs.join("; ")}`]),
  ];
}

const harm = ({ requests, writes }: LedgerSummary): string[] => [
  ...(writes.acknowledged === 0 ? ["no write at all"] : []),
  ...Object.entries({ failed: requests.failed, lost: writes.lost, duplicated: writes.duplicated })
    .filter(([, count]) => count !== 0)
    .map(([what, count]) => `${count} ${what}`),
];
