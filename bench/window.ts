/** The switch of a real upgrade under traffic, beside the same operations done by hand on the same servers. */
import { figureOf, median } from "./figures.ts";
import type { Asked, Outcome, Row } from "./results.ts";
import { rawSwitch } from "./window-raw.ts";
import { upgradeShop, withShop } from "./shop.ts";

const RUNS = 3;
const RAW_TURNS = 5;
const TARGET_MS = 2_000;

export async function window({ runs }: Asked): Promise<Outcome> {
  const rows: Row[] = [];
  for (let run = 1; run <= (runs ?? RUNS); run++) {
    await withShop("window", async (product) => {
      const turns: number[] = [];
      for (let turn = 0; turn < RAW_TURNS; turn++) turns.push(await rawSwitch(product));
      const { phases, writes, requests, clientDowntimeMs } = await upgradeShop(product);
      const { fenceMs, syncMs, swapMs, reopenMs } = phases;
      const sumMs = fenceMs + syncMs + swapMs + reopenMs;
      const rawMs = median(turns);
      const harm = writes.lost + writes.duplicated + requests.failed;
      const ratio = Math.round(sumMs / rawMs);
      rows.push({
        run,
        fenceMs,
        syncMs,
        swapMs,
        reopenMs,
        sumMs,
        rawMs,
        ratio,
        downtimeMs: clientDowntimeMs ?? 0,
        harm,
      });
      console.error(`  ${JSON.stringify(rows.at(-1))}`);
    });
  }
  const of = (column: string) => rows.map((row) => Number(row[column]));
  return {
    rows,
    figures: {
      "fence…reopen": figureOf("ms", of("sumMs"), { statistic: "max", most: TARGET_MS }),
      "raw operations": figureOf("ms", of("rawMs")),
      ratio: figureOf("ratio", of("ratio")),
      "whole window": figureOf("ms", of("downtimeMs")),
    },
    failures: rows
      .filter(({ harm }) => harm !== 0)
      .map(({ run, harm }) => `run ${run}: ${harm} requests or writes harmed`),
  };
}
