/** The mixed clients themselves: nothing fails at rest, nor when a server leaves in order; a killed one is seen. */
import { systemClock } from "../src/run/clock.ts";
import type { Product } from "../test/product/product.ts";
import { figureOf } from "./figures.ts";
import { underMixed } from "./mixed/under.ts";
import { NOTES, withNotes } from "./notes.ts";
import type { Asked, Outcome, Row } from "./results.ts";
import { processOf } from "./strikes.ts";

const REST_MS = 20_000;
const STRUCK_MS = 10_000;
const WANTED_PER_SECOND = 500;

export async function proveMixed({ runs }: Asked): Promise<Outcome> {
  const rows: Row[] = [];
  await withNotes("mixed", {}, async (product) => {
    for (let run = 1; run <= (runs ?? 1); run++) {
      rows.push(await oneRun(product, run, "at rest", () => systemClock.sleep(REST_MS)));
    }
    rows.push(await oneRun(product, 1, "a server leaves", () => leave(product)));
    rows.push(await oneRun(product, 1, "a server killed", () => strike(product)));
  });
  const atRest = rows.filter(({ what }) => what === "at rest");
  const of = (column: string) => atRest.map((row) => Number(row[column]));
  return {
    rows,
    failures: rows.flatMap(failuresOf),
    figures: {
      "slowest short request": figureOf("ms", of("slowestMs")),
      "not sent in time": figureOf(
        "ratio",
        of("perSecond").map((sent) => Math.max(0, 1 - sent / WANTED_PER_SECOND)),
        {
          statistic: "max",
          most: 0.05,
        },
      ),
      "processor, of a core": figureOf(
        "ratio",
        of("cpuPercent").map((percent) => percent / 100),
      ),
    },
  };
}

/** By then all websockets stand that are wanted at once. */
const STANDING_MS = 12_000;

async function leave(product: Product): Promise<void> {
  await systemClock.sleep(STANDING_MS);
  const ran = await product.run(["group", "terminate", "burst", NOTES]);
  if (ran.code !== 0) throw new Error(`no server left: ${ran.stderr}`);
  await systemClock.sleep(STRUCK_MS / 4);
}

async function strike(product: Product): Promise<void> {
  await systemClock.sleep(STRUCK_MS / 4);
  process.kill(processOf(product, NOTES, "app-2", "web"), "SIGKILL");
  await systemClock.sleep((STRUCK_MS * 3) / 4);
}

async function oneRun(product: Product, run: number, what: string, during: () => Promise<void>): Promise<Row> {
  const seen = await underMixed(product, `${run}-${what.replaceAll(" ", "-")}`, during);
  const row = { run, what, ...seen.row };
  for (const { kind, why } of seen.report.failures.slice(0, 10)) console.error(`  ${kind}: ${why}`);
  console.error(`  ${JSON.stringify(row)}`);
  return row;
}

function failuresOf({ run, what, failed, lost, duplicated, paged }: Row): string[] {
  const inOrder = what !== "a server killed";
  const wrong = [
    ...(lost === 0 && duplicated === 0 ? [] : [`${lost} lost, ${duplicated} duplicated`]),
    ...(inOrder && failed !== 0 ? [`${failed} failed`] : []),
    ...(inOrder && paged !== 0 ? [`${paged} saw the page`] : []),
    ...(inOrder || failed !== 0 ? [] : ["nobody saw it"]),
  ];
  return wrong.map((failure) => `run ${run}, ${what}: ${failure}`);
}
