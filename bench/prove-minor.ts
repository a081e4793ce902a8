/** Each strategy of minor upgrades, back and then forward, under mixed clients: none of them may see anything fail. */
import { isDeepStrictEqual } from "node:util";
import type { MinorStrategy } from "../src/model/plan.ts";
import { systemClock } from "../src/run/clock.ts";
import type { Product } from "../test/product/product.ts";
import { sightOf } from "../test/product/sights.ts";
import { figureOf } from "./figures.ts";
import type { MixedReport } from "./mixed/clients.ts";
import { underMixed } from "./mixed/under.ts";
import {
  type AtGate,
  harmIn,
  isSound,
  NEW,
  NOTES,
  OLD,
  PROVEN,
  reportOf,
  strategyRuns,
  upgradeNotes,
  withNotes,
} from "./notes.ts";
import type { Asked, Outcome, Row } from "./results.ts";
import { inShard } from "./shard.ts";

const RUNS = 10;
/** Clients come before it begins and after it has ended: what it does to them may show late. */
const BESIDE_MS = 3_000;

type Way = "back" | "forward";

/** A release can't be upgraded to an older one, so each run has an environment of its own: back first, then forward. */
export async function proveMinor({ runs, shard }: Asked): Promise<Outcome> {
  const rows: Row[] = [];
  for (const { run, strategy } of inShard(strategyRuns(runs ?? RUNS), shard)) {
    await withNotes(`prove-${strategy}`, { minor: PROVEN }, async (product) => {
      for (const way of ["back", "forward"] as const) rows.push(await oneRun(product, run, strategy, way));
    });
  }
  const of = (column: string, way?: Way) =>
    rows.filter((row) => way === undefined || row.way === way).map((row) => Number(row[column]));
  return {
    rows,
    failures: rows.flatMap(failuresOf),
    figures: {
      "forward, by the clock": figureOf("ms", of("tookMs", "forward")),
      "back, by the clock": figureOf("ms", of("tookMs", "back")),
      "of it the way back": figureOf("ms", of("answeredMs", "back")),
      "slowest short request": figureOf("ms", of("slowestMs")),
    },
  };
}

async function oneRun(product: Product, run: number, strategy: MinorStrategy, way: Way): Promise<Row> {
  let times = { tookMs: 0, answeredMs: 0 };
  let [outcome, upgrade] = ["", ""];
  const { row: seen, report } = await underMixed(product, way, async () => {
    await systemClock.sleep(BESIDE_MS);
    const began = performance.now();
    const atGate = await upgradeNotes(product, strategy);
    upgrade = atGate.upgrade;
    const asked = performance.now();
    outcome =
      "outcome" in atGate ? `${atGate.outcome} before the gate: ${atGate.reason}` : await answer(product, atGate, way);
    const ended = performance.now();
    times = { tookMs: Math.round(ended - began), answeredMs: Math.round(ended - asked) };
    await systemClock.sleep(BESIDE_MS);
  });
  const wanted = way === "back" ? "rolled-back" : "upgraded";
  const release = way === "back" ? OLD : NEW;
  const lastly = Object.keys(report.releases.at(-1)?.answers ?? {});
  const row = {
    ...{ run, strategy, way },
    asWanted: outcome === wanted,
    sound: (await isSound(product, release, wanted)) && isDeepStrictEqual(lastly, [release]),
    ...seen,
    ...times,
  };
  console.error(`  ${JSON.stringify(row)}`);
  if (report.failures.length > 0) await tellFailures(product, upgrade, report);
  if (!row.asWanted) console.error(`  ${outcome}`);
  if (!row.sound) console.error(`  ${JSON.stringify({ lastly, ...sightOf(await product.status(NOTES)) })}`);
  return row;
}

/** Each with the steps that ran when it was seen. */
async function tellFailures(product: Product, upgrade: string, { failures }: MixedReport): Promise<void> {
  const { steps } = await reportOf(product, upgrade);
  const running = (at: number) =>
    steps.filter((step) => Date.parse(step.at) <= at && at <= Date.parse(step.at) + step.durationMs + 1_000);
  for (const { at, kind, why } of failures.slice(0, 10)) {
    const during = running(at).map(({ name }) => name);
    console.error(`  ${new Date(at).toISOString()} ${kind}: ${why} (${during.join(", ")})`);
  }
}

/** Gives how the upgrade ended. */
async function answer(product: Product, { upgrade, state, gate }: AtGate, way: Way): Promise<string> {
  if (state !== "at-gate" || gate?.name !== "retire") return `${state} at ${gate?.name ?? "no gate"}`;
  if (way === "back") await product.run(["rollback", upgrade]);
  else {
    await product.answer(["approve", upgrade, gate.name]);
    await product.run(["watch", upgrade]);
  }
  return (await reportOf(product, upgrade)).outcome;
}

function failuresOf(row: Row): string[] {
  const facts = ["asWanted", "sound"].filter((fact) => row[fact] !== true);
  const wrong = [...harmIn(row), ...facts.map((fact) => `not ${fact}`)];
  return wrong.map((failure) => `run ${row.run}, ${row.strategy} ${row.way}: ${failure}`);
}
