/** The mixed clients themselves: at rest they see nothing fail, and they do see one server's process being killed. */
import { join } from "node:path";
import { countAgain } from "../src/ledger/book.ts";
import { readBlue } from "../src/plan/blue.ts";
import { systemClock } from "../src/run/clock.ts";
import { firstColumn } from "../test/product/database.ts";
import type { Product } from "../test/product/product.ts";
import { withExample } from "./example.ts";
import { figureOf } from "./figures.ts";
import { type MixedReport, openMixed } from "./mixed/clients.ts";
import type { Asked, Outcome, Row } from "./results.ts";
import { processOf } from "./strikes.ts";

const FILE = join(import.meta.dirname, "../examples/minor/environment.yaml");
const ENVIRONMENT = "notes";
const REST_MS = 20_000;
const STRUCK_MS = 10_000;
const WANTED_PER_SECOND = 500;

export async function proveMixed({ runs }: Asked): Promise<Outcome> {
  const rows: Row[] = [];
  await withExample({ name: "mixed", file: () => FILE }, async (product) => {
    for (let run = 1; run <= (runs ?? 1); run++) {
      rows.push(await oneRun(product, run, "at rest", () => systemClock.sleep(REST_MS)));
    }
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

async function strike(product: Product): Promise<void> {
  await systemClock.sleep(STRUCK_MS / 4);
  process.kill(processOf(product, ENVIRONMENT, "app-2", "web"), "SIGKILL");
  await systemClock.sleep((STRUCK_MS * 3) / 4);
}

async function oneRun(product: Product, run: number, what: string, during: () => Promise<void>): Promise<Row> {
  const { inventory } = await product.status(ENVIRONMENT);
  const entrances = readBlue(inventory).loadBalancers.map(({ record }) => ({ address: record.address, port: 8080 }));
  const file = join(product.folder, `mixed-${run}-${what.replaceAll(" ", "-")}.jsonl`);
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  const clients = openMixed({ entrances, host: "notes.test", file, clock: systemClock });
  await during();
  const tookS = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const report = await clients.stop();
  const { writes } = await countAgain(file, await firstColumn(product, ENVIRONMENT, "SELECT note_key FROM notes"));
  for (const { kind, why } of report.failures.slice(0, 10)) console.error(`  ${kind}: ${why}`);
  const row = {
    run,
    what,
    ...rowOf(report),
    ...writes,
    perSecond: Math.round(sentIn(report) / tookS),
    cpuPercent: Math.round((user + system) / 10_000 / tookS),
  };
  console.error(`  ${JSON.stringify(row)}`);
  return row;
}

const sentIn = ({ kinds }: MixedReport): number => Object.values(kinds).reduce((sum, { sent }) => sum + sent, 0);

function rowOf({ kinds, retried, sockets }: MixedReport): Row {
  const all = Object.values(kinds);
  const sum = (column: "answered" | "failed" | "paged") => all.reduce((total, count) => total + count[column], 0);
  return {
    sent: all.reduce((total, { sent }) => total + sent, 0),
    ...{ answered: sum("answered"), failed: sum("failed"), paged: sum("paged"), retried },
    messages: sockets.messages,
    slowestMs: Math.max(...[kinds.kept, kinds.fresh, kinds.post, kinds.write].map(({ slowestMs }) => slowestMs)),
  };
}

function failuresOf({ run, what, failed, lost, duplicated, paged }: Row): string[] {
  const wrong = [
    ...(lost === 0 && duplicated === 0 ? [] : [`${lost} lost, ${duplicated} duplicated`]),
    ...(what === "at rest" && failed !== 0 ? [`${failed} failed`] : []),
    ...(what === "at rest" && paged !== 0 ? [`${paged} saw the page`] : []),
    ...(what === "at rest" || failed !== 0 ? [] : ["nobody saw it"]),
  ];
  return wrong.map((failure) => `run ${run}, ${what}: ${failure}`);
}
