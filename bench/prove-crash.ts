/** Kills the control plane with signal 9 at every step of an upgrade and of its way back, a few times in each run. */
import { isDeepStrictEqual } from "node:util";
import { join } from "node:path";
import type { PlanAnswer } from "../src/api/contract.ts";
import type { LedgerSummary } from "../src/model/report.ts";
import { steps as definitions } from "../src/steps/registry.ts";
import type { UpgradeView } from "../src/view/upgrade-view.ts";
import { writeBoard } from "../test/product/board.ts";
import { migrateRuns } from "../test/product/database.ts";
import { type Hit, killAlong, type Point } from "../test/product/killer.ts";
import { answerOf, openProduct, type Product } from "../test/product/product.ts";
import { serving, sightOf } from "../test/product/sights.ts";
import { figureOf } from "./figures.ts";
import type { Asked, Outcome, Row } from "./results.ts";
import { inShard, spread } from "./shard.ts";

const KILLS_IN_A_RUN = 6;
const SIZE = { servers: 1, workers: 0 };
const [OLD, NEW] = ["2024.1", "2024.2"];

type Ending = "rolled-back" | "upgraded";

export async function proveCrash({ points, shard }: Asked): Promise<Outcome> {
  const all = await withBoard(everyPoint);
  const chosen = spread(inShard(all, shard), points);
  const rows: Row[] = [];
  for (const ending of ["rolled-back", "upgraded"] as const) {
    const part = chosen.filter((point) => endingOf(point) === ending);
    for (const kills of deal(part, Math.ceil(part.length / KILLS_IN_A_RUN))) {
      rows.push(...(await withBoard((product) => oneRun(product, ending, kills))));
    }
  }
  const back = rows.filter(({ backMs }) => backMs !== "").map(({ backMs }) => Number(backMs));
  return {
    rows,
    figures: { "until it answers again": figureOf("ms", back) },
    failures: rows.filter(({ trouble }) => trouble !== "").map(({ at, trouble }) => `${at}: ${trouble}`),
  };
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

/** In the order in which they come: forward to the gate, from the gate back, and from the gate on. */
async function everyPoint(product: Product): Promise<PlacedPoint[]> {
  const { plan } = await product.answer<PlanAnswer>(["plan", "--to", NEW]);
  const forward = plan.stages.flatMap(({ steps }) => steps.map(({ step }) => step));
  const gate = forward.indexOf("gate");
  const apply = forward.flatMap((step, index) => around({ direction: "apply", index, step }, index > gate));
  const undo = forward.flatMap((step, index) =>
    index < gate && definitions.get(step)?.undo ? around({ direction: "undo", index, step }, false) : [],
  );
  const after = plan.afterWayBack.flatMap(({ steps }) => steps.map(({ step }) => step));
  return [...apply, ...undo, ...after.flatMap((step, index) => around({ direction: "after", index, step }, false))];
}

type PlacedPoint = Point & { beyondGate: boolean };

const endingOf = ({ beyondGate }: PlacedPoint): Ending => (beyondGate ? "upgraded" : "rolled-back");

/** Long steps are met in their middle, short ones as soon as they can be seen. */
const INSIDE_MS: Record<string, number> = {
  "restore-backup": 900,
  "launch-standby": 900,
  migrate: 700,
  "restore-redundancy": 600,
};

const around = (at: Pick<Point, "direction" | "index" | "step">, beyondGate: boolean): PlacedPoint[] =>
  // A gate that nobody approves ends only by the way back.
  (at.step === "gate" ? (["begins", "inside"] as const) : (["begins", "inside", "ended"] as const)).map((when) => ({
    ...at,
    when,
    delayMs: INSIDE_MS[at.step] ?? 30,
    beyondGate,
  }));

/** Like cards, so that the kills of one run lie far apart. */
const deal = <T>(cards: readonly T[], hands: number): T[][] =>
  Array.from({ length: hands }, (_, hand) => cards.filter((_, turn) => turn % hands === hand));

async function oneRun(product: Product, ending: Ending, kills: readonly PlacedPoint[]): Promise<Row[]> {
  const book = join(product.folder, "book.jsonl");
  const clients = product.start(["ledger", "--file", book, "--json"]);
  const began = product.start(["upgrade", "--to", NEW, ...(ending === "upgraded" ? ["--yes"] : [])]);
  const { id } = await inFlight(product);
  const isForward = ({ direction }: Point): boolean => direction === "apply";
  const hits = await killAlong(product, id, kills.filter(isForward));
  const stopped = await began.ended;
  if (ending === "rolled-back") {
    const back = product.start(["rollback"]);
    // An undo comes in the opposite order of its step.
    const undone = kills
      .filter(({ direction }) => direction === "undo")
      .sort((left, right) => right.index - left.index);
    hits.push(...(await killAlong(product, id, undone)));
    hits.push(
      ...(await killAlong(
        product,
        id,
        kills.filter(({ direction }) => direction === "after"),
      )),
    );
    await back.ended;
  }
  clients.child.kill("SIGINT");
  const summary = answerOf<LedgerSummary>(await clients.ended);
  const trouble = [
    ...(await troubleOf(product, ending)),
    ...harm(summary),
    ...(stopped.code === 0 ? [] : [stopped.stderr]),
  ];
  return rowsOf(ending, kills, hits, trouble.join(", "));
}

async function inFlight(product: Product): Promise<UpgradeView> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    const seen = await product.client.get<UpgradeView | null>("/environments/board/upgrade");
    if (seen?.strategy === "major") return seen;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("no upgrade began within 20 s");
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

/** What went wrong in a run stands in its first row. */
function rowsOf(ending: Ending, kills: readonly Point[], hits: readonly Hit[], trouble: string): Row[] {
  const rows = kills.map((point, turn) => {
    const hit = hits.find((one) => one.point === point);
    return {
      at: `${point.direction} ${point.index} ${point.step}, ${point.when}`,
      landed: hit?.seenAs ?? "missed",
      backMs: hit?.backMs ?? "",
      ending,
      trouble: [
        ...(turn === 0 && trouble !== "" ? [trouble] : []),
        ...(hit?.backMs == null ? ["never reached"] : []),
      ].join(", "),
    };
  });
  for (const row of rows) console.error(`  ${JSON.stringify(row)}`);
  return rows;
}
