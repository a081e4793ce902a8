/** The demo by the clock, from the command to its end, everything installed: what a new user waits for. */
import type { Report } from "../src/model/report.ts";
import { answerOf, openProduct } from "../test/product/product.ts";
import { figureOf } from "./figures.ts";
import type { Asked, Outcome, Row } from "./results.ts";

const RUNS = 3;

export async function demoTime({ runs }: Asked): Promise<Outcome> {
  const rows: Row[] = [];
  for (let run = 1; run <= (runs ?? RUNS); run++) {
    const product = openProduct("time");
    try {
      const began = performance.now();
      const ran = await product.run(["demo", "--json"]);
      const tookMs = Math.round(performance.now() - began);
      const { outcome, clientDowntimeMs } = answerOf<Report>(ran);
      rows.push({ run, tookMs, outcome, downtimeMs: clientDowntimeMs ?? 0 });
    } finally {
      await product.end();
    }
  }
  return {
    rows,
    figures: {
      demo: figureOf(
        "ms",
        rows.map(({ tookMs }) => Number(tookMs)),
        { statistic: "max", most: 60_000 },
      ),
    },
    failures: rows
      .filter(({ outcome }) => outcome !== "upgraded")
      .map(({ run, outcome }) => `run ${run} ended ${outcome}`),
  };
}
