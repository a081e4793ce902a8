/** How much memory the control plane and its database hold while nothing happens and an environment is up. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Health } from "../src/api/contract.ts";
import type { Product } from "../test/product/product.ts";
import { figureOf } from "./figures.ts";
import type { Asked, Outcome, Row } from "./results.ts";
import { upgradeShop, withShop } from "./shop.ts";

const RUNS = 1;
const IDLE_MS = 60_000;
const TARGET_MB = 150;

export async function memory({ runs }: Asked): Promise<Outcome> {
  const rows: Row[] = [];
  for (let run = 1; run <= (runs ?? RUNS); run++) {
    await withShop("memory", async (product) => {
      rows.push(await idleAfter(product, run, "bring-up"));
      await upgradeShop(product);
      rows.push(await idleAfter(product, run, "upgrade"));
    });
  }
  const totals = (column: string) => rows.map((row) => Number(row[column]));
  return {
    rows,
    figures: {
      "control plane, PSS": figureOf("MB", totals("totalPssMb"), { statistic: "max", most: TARGET_MB }),
      "control plane, RSS": figureOf("MB", totals("totalRssMb")),
    },
    failures: [],
  };
}

async function idleAfter(product: Product, run: number, after: string): Promise<Row> {
  await sleep(IDLE_MS);
  const { pid, databasePid } = await product.client.get<Health>("/health");
  const node = sizeOf(pid);
  const database = databasePid === null ? [] : [databasePid, ...childrenOf(databasePid)].map(sizeOf);
  const sum = (which: "pss" | "rss") => database.reduce((total, size) => total + size[which], 0);
  return {
    run,
    after,
    idleS: IDLE_MS / 1000,
    nodePssMb: mb(node.pss),
    nodeRssMb: mb(node.rss),
    databaseProcesses: database.length,
    databasePssMb: mb(sum("pss")),
    databaseRssMb: mb(sum("rss")),
    totalPssMb: mb(node.pss + sum("pss")),
    totalRssMb: mb(node.rss + sum("rss")),
  };
}

const mb = (kb: number): number => Math.round((kb * 1024) / 1e5) / 10;

/** In kB. PSS shares a page among the processes that map it; RSS counts it for each of them. */
function sizeOf(pid: number): { pss: number; rss: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const of = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1]);
  return { pss: of("Pss"), rss: of("Rss") };
}

function childrenOf(parent: number): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && parentOf(pid) === parent);
}

function parentOf(pid: number): number | null {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[1]);
  } catch {
    return null;
  }
}
