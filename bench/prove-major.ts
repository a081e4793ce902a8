/** N upgrades and N ways back of the demo's shop under traffic; counts what clients lost, got twice or saw failing. */
import { isDeepStrictEqual } from "node:util";
import type { Report } from "../src/model/report.ts";
import type { Product } from "../test/product/product.ts";
import { serving, sightOf } from "../test/product/sights.ts";
import { figureOf } from "./figures.ts";
import type { Asked, Outcome, Row } from "./results.ts";
import { SHOP_SIZE, upgradeShop, withShop } from "./shop.ts";
import { inShard } from "./shard.ts";

const RUNS = 10;
const FAIL_AT = ["migrate", "smoke-test"] as const;

/** A release can't be upgraded to an older one, so each run has an environment of its own: back first, then forward. */
export async function proveMajor({ runs, shard }: Asked): Promise<Outcome> {
  const numbers = Array.from({ length: runs ?? RUNS }, (_, turn) => turn + 1);
  const rows: Row[] = [];
  for (const run of inShard(numbers, shard)) {
    const failAt = FAIL_AT[run % 2] as string;
    await withShop("prove", async (product) => {
      rows.push(await oneRun(product, run, `way back at ${failAt}`, "rolled-back", ["--fail-at", failAt]));
      rows.push(await oneRun(product, run, "upgrade", "upgraded", []));
    });
  }
  const of = (kind: string, column: string) =>
    rows.filter(({ what }) => String(what).startsWith(kind)).map((row) => Number(row[column]));
  return {
    rows,
    failures: rows.flatMap(failuresOf),
    figures: {
      "upgrade: downtime": figureOf("ms", of("upgrade", "downtimeMs")),
      "upgrade: fence…reopen": figureOf("ms", of("upgrade", "switchMs"), { statistic: "max", most: 2_000 }),
      "way back: downtime": figureOf("ms", of("way back", "downtimeMs")),
    },
  };
}

export async function oneRun(
  product: Product,
  run: number,
  what: string,
  wanted: string,
  more: string[],
): Promise<Row> {
  const began = performance.now();
  const report = await upgradeShop(product, ...more);
  const took = performance.now() - began;
  const release = wanted === "upgraded" ? "2" : "1";
  const sound = isDeepStrictEqual(sightOf(await product.status("live")), serving(release, SHOP_SIZE, wanted));
  const row = {
    run,
    what,
    asWanted: report.outcome === wanted,
    sound,
    ...rowOf(report),
    tookS: Math.round(took / 1000),
  };
  console.error(`  ${JSON.stringify(row)}`);
  return row;
}

const rowOf = ({ requests, writes, phases, clientDowntimeMs, writeGapMs }: Report) => ({
  acknowledged: writes.acknowledged,
  lost: writes.lost,
  duplicated: writes.duplicated,
  failed: requests.failed,
  downtimeMs: clientDowntimeMs ?? 0,
  writeGapMs: writeGapMs ?? 0,
  switchMs: phases.fenceMs + phases.syncMs + phases.swapMs + phases.reopenMs,
});

export function failuresOf(row: Row): string[] {
  const { run, what } = row;
  const counts = ["lost", "duplicated", "failed"]
    .filter((count) => row[count] !== 0)
    .map((count) => `${row[count]} ${count}`);
  const facts = ["asWanted", "sound"].filter((fact) => row[fact] !== true).map((fact) => `not ${fact}`);
  return [...counts, ...facts, ...(row.acknowledged === 0 ? ["no write at all"] : [])].map(
    (failure) => `run ${run}, ${what}: ${failure}`,
  );
}
