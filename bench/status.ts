/** `changeover status` from the command to its end, the control plane warm, beside the bare start of Node and the one request in it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Product } from "../test/product/product.ts";
import { figureOf, median } from "./figures.ts";
import type { Asked, Outcome, Row } from "./results.ts";
import { withShop } from "./shop.ts";

const RUNS = 20;
const WARM = 3;
const TARGET_MS = 400;
const COMMAND = join(import.meta.dirname, "../bootstrap/changeover.js");

export async function status({ runs }: Asked): Promise<Outcome> {
  const rows: Row[] = [];
  await withShop("status", async (product) => {
    for (let run = 1 - WARM; run <= (runs ?? RUNS); run++) {
      const row = {
        run,
        commandMs: await timed(() => statusOf(product)),
        requestMs: await timed(() => product.status("live")),
        bareNodeMs: await timed(() => ended(spawn(process.execPath, ["-e", "0"]))),
      };
      if (run > 0) rows.push(row);
    }
  });
  const of = (column: string) => rows.map((row) => Number(row[column]));
  return {
    rows,
    figures: {
      "changeover status": figureOf("ms", of("commandMs"), { statistic: "median", most: TARGET_MS }),
      "the request in it": figureOf("ms", of("requestMs")),
      "a bare node": figureOf("ms", of("bareNodeMs")),
      "share of the request": figureOf("ratio", [median(of("requestMs")) / median(of("commandMs"))]),
    },
    failures: [],
  };
}

/** As a person has it: through the bootstrap, with the Node that the control plane runs under. */
async function statusOf(product: Product): Promise<void> {
  const env = { ...process.env, CHANGEOVER_HOME: product.home };
  const child = spawn(process.execPath, [COMMAND, "status", "live"], { env, stdio: ["ignore", "pipe", "inherit"] });
  child.stdout.resume();
  await ended(child);
}

async function ended(child: ReturnType<typeof spawn>): Promise<void> {
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${child.spawnargs.join(" ")} ended with ${code}`);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return Math.round((performance.now() - began) * 10) / 10;
}
