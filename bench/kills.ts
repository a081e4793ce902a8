/** Points at which a control plane is killed with signal 9: around every step of a plan, dealt out so that each run has a few. */
import type { PlanAnswer } from "../src/api/contract.ts";
import { steps as definitions } from "../src/steps/registry.ts";
import type { UpgradeView } from "../src/view/upgrade-view.ts";
import type { Hit, Point } from "../test/product/killer.ts";
import type { Product } from "../test/product/product.ts";
import { figureOf } from "./figures.ts";
import type { Outcome, Row } from "./results.ts";

const KILLS_IN_A_RUN = 6;

export type Ending = "rolled-back" | "upgraded";

/** `ending`: of the run in which it is met. */
export type PlacedPoint = Point & { ending: Ending };

/** In the order in which they come: forward to the gate, from the gate back, and from the gate on. */
export function everyPoint({ plan }: PlanAnswer): PlacedPoint[] {
  const forward = plan.stages.flatMap(({ steps }) => steps.map(({ step }) => step));
  const gate = forward.indexOf("gate");
  const apply = forward.flatMap((step, index) =>
    around({ direction: "apply", index, step }, index > gate ? "upgraded" : "rolled-back"),
  );
  const undo = forward.flatMap((step, index) =>
    index < gate && definitions.get(step)?.undo ? around({ direction: "undo", index, step }, "rolled-back") : [],
  );
  const after = plan.afterWayBack.flatMap(({ steps }) => steps.map(({ step }) => step));
  return [
    ...apply,
    ...undo,
    ...after.flatMap((step, index) => around({ direction: "after", index, step }, "rolled-back")),
  ];
}

/** Long steps are met in their middle, short ones as soon as they can be seen. */
const INSIDE_MS: Record<string, number> = {
  "restore-backup": 900,
  "launch-standby": 900,
  migrate: 700,
  "restore-redundancy": 600,
};

const around = (at: Pick<Point, "direction" | "index" | "step">, ending: Ending): PlacedPoint[] =>
  // A gate that nobody approves ends only by the way back.
  (at.step === "gate" ? (["begins", "inside"] as const) : (["begins", "inside", "ended"] as const)).map((when) => ({
    ...at,
    when,
    delayMs: INSIDE_MS[at.step] ?? 30,
    ending,
  }));

export interface KillRun {
  ending: Ending;
  kills: PlacedPoint[];
}

export function killRuns(points: readonly PlacedPoint[]): KillRun[] {
  return (["rolled-back", "upgraded"] as const).flatMap((ending) => {
    const part = points.filter((point) => point.ending === ending);
    return deal(part, Math.ceil(part.length / KILLS_IN_A_RUN)).map((kills) => ({ ending, kills }));
  });
}

/** Like cards, so that the kills of one run lie far apart. */
const deal = <T>(cards: readonly T[], hands: number): T[][] =>
  Array.from({ length: hands }, (_, hand) => cards.filter((_, turn) => turn % hands === hand));

/** An undo comes in the opposite order of its step. */
export function inTheirOrder(kills: readonly PlacedPoint[], direction: Point["direction"]): PlacedPoint[] {
  const those = kills.filter((point) => point.direction === direction);
  return direction === "undo" ? those.sort((left, right) => right.index - left.index) : those;
}

/** What went wrong in a run stands in its first row. */
export function rowsOfKills({ ending, kills }: KillRun, hits: readonly Hit[], trouble: string): Row[] {
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

export function outcomeOfKills(rows: Row[]): Outcome {
  const back = rows.filter(({ backMs }) => backMs !== "").map(({ backMs }) => Number(backMs));
  return {
    rows,
    figures: { "until it answers again": figureOf("ms", back) },
    failures: rows.filter(({ trouble }) => trouble !== "").map(({ at, trouble }) => `${at}: ${trouble}`),
  };
}

export async function inFlight({ client }: Product, environment: string, strategy: string): Promise<UpgradeView> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    const seen = await client.get<UpgradeView | null>(`/environments/${environment}/upgrade`);
    if (seen?.strategy === strategy) return seen;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("no upgrade began within 20 s");
}
