/** Breaks one thing at one moment of a real upgrade under traffic, row by row: each ends in a named state, and nothing is lost. */
import { isDeepStrictEqual } from "node:util";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readBook } from "../src/ledger/book.ts";
import { waitFor } from "../src/model/clock.ts";
import type { LedgerSummary } from "../src/model/report.ts";
import { systemClock } from "../src/run/clock.ts";
import { oneLine } from "../src/view/ladder.ts";
import type { UpgradeView } from "../src/view/upgrade-view.ts";
import { writeBoard } from "../test/product/board.ts";
import { migrateRuns } from "../test/product/database.ts";
import { pointAt, reach } from "../test/product/killer.ts";
import { answerOf, openProduct, type Product, type Started } from "../test/product/product.ts";
import { serving, sightOf } from "../test/product/sights.ts";
import { watchWritable } from "../test/product/writable.ts";
import { type Fault, faults } from "./faults.ts";
import { figureOf } from "./figures.ts";
import type { Asked, Outcome, Row } from "./results.ts";
import { inShard, spread } from "./shard.ts";
import { mountDisk, nameless, refusalTrouble } from "./strikes.ts";

const SIZE = { servers: 1, workers: 0 };
const [OLD, NEW] = ["2024.1", "2024.2"];
const LIMIT_MS = 150_000;

export async function proveFaults({ points, shard }: Asked): Promise<Outcome> {
  const rows: Row[] = [];
  for (const fault of spread(inShard(faults, shard), points)) {
    const found = await withBoard(fault, (product) => oneRun(product, fault)).catch((error: Error) => ({
      trouble: error.message,
    }));
    const row: Row = { what: fault.what, at: nameOf(fault), ...found };
    console.error(`  ${JSON.stringify(row)}`);
    rows.push(row);
  }
  return {
    rows,
    figures: {
      "requests that failed": figureOf(
        "count",
        rows.map(({ failed }) => Number(failed ?? 0)),
      ),
    },
    failures: rows.filter(({ trouble }) => trouble !== "").map(({ what, at, trouble }) => `${what}, ${at}: ${trouble}`),
  };
}

const nameOf = ({ at: { step, says, when, delayMs } }: Fault): string =>
  `${when} ${step}${says ? ` ${says}` : ""}${delayMs ? `, after ${delayMs} ms` : ""}`;

async function withBoard(fault: Fault, work: (product: Product) => Promise<Row>): Promise<Row> {
  const product = openProduct("faults");
  const disk = fault.needs === "disk" ? mountDisk(product) : undefined;
  try {
    if (disk === null) return { ending: "skipped: only root may mount a disk", trouble: "" };
    const up = await product.run(["up", writeBoard(product.folder)]);
    if (up.code !== 0) throw new Error(`the board did not come up: ${up.stderr}`);
    const row = await work(product);
    const down = await product.run(["down", "--all"]);
    return down.code === 0 ? row : { ...row, trouble: [row.trouble, down.stderr].filter(Boolean).join(", ") };
  } finally {
    disk?.end();
    await product.end();
  }
}

async function oneRun(product: Product, fault: Fault): Promise<Row> {
  const started = performance.now();
  const book = join(product.folder, "book.jsonl");
  const clients = product.start(["ledger", "--file", book, "--json"]);
  const writable = watchWritable(product);
  const begun = await begin(product, fault);
  const { step, says, ...when } = fault.at;
  const view = await inFlight(product);
  const reached = await reach(product, view.id, pointAt(view, step, { says, ...when }), AbortSignal.timeout(LIMIT_MS));
  const from = Date.now();
  const struck = reached.reached ? await fault.strike(product, view.id) : ["never reached"];
  const broken = { from, to: Date.now() };
  await begun.command.ended;
  const ended = await endOf(product, view.id);
  const { ending, trouble } = await isAnEnd(product, ended);
  const sight = await sightTrouble(product, ending.at(-1) ?? "");
  const primaries = await writable.stop();
  clients.child.kill("SIGINT");
  const summary = answerOf<LedgerSummary>(await clients.ended);
  const failures = await failureTrouble(book, fault, broken);
  const { requests, writes } = summary;
  return {
    primaries: primaries.length,
    landed: reached.seenAs,
    ending: ending.join(", then "),
    why: oneLine(ended.reason ?? ended.problem?.what ?? ""),
    acknowledged: writes.acknowledged,
    failed: requests.failed,
    lost: writes.lost,
    duplicated: writes.duplicated,
    tookS: Math.round((performance.now() - started) / 1000),
    trouble: [
      ...begun.trouble,
      ...struck,
      ...trouble,
      ...sight,
      ...split(primaries),
      ...harm(summary),
      ...failures,
    ].join(", "),
  };
}

async function begin(product: Product, { needs }: Fault): Promise<{ command: Started; trouble: string[] }> {
  const args = ["upgrade", "--to", NEW as string, "--json", ...(needs === "open gate" ? [] : ["--yes"])];
  const command = product.start(args);
  if (needs !== "two commands") return { command, trouble: [] };
  const other = product.start(args);
  // Whoever is refused ends at once.
  const [refused, going] = await Promise.race([
    command.ended.then((ran) => [ran, other] as const),
    other.ended.then((ran) => [ran, command] as const),
  ]);
  return { command: going, trouble: refusalTrouble(refused) };
}

/** What can't be asked just now is asked again: the control plane or its database may be what was struck. */
async function asked<T>(what: string, look: () => Promise<T | null>): Promise<T> {
  const seen = await waitFor(systemClock, { withinMs: LIMIT_MS, everyMs: 100 }, () => look().catch(() => null));
  if (seen === null) throw new Error(`${what}: not within ${LIMIT_MS} ms`);
  return seen;
}

const inFlight = (product: Product): Promise<UpgradeView> =>
  asked("an upgrade begins", async () => {
    const seen = await product.client.get<UpgradeView | null>("/environments/board/upgrade");
    return seen?.strategy === "major" ? seen : null;
  });

const endOf = (product: Product, id: string): Promise<UpgradeView> =>
  asked("the upgrade ends", async () => {
    const seen = await product.client.get<UpgradeView>(`/upgrades/${id}`);
    return ["upgraded", "rolled-back", "stuck"].includes(seen.state) ? seen : null;
  });

/** Stuck is honest when it says why, and when what it says to do next ends it. */
async function isAnEnd(product: Product, { id, state, problem }: UpgradeView) {
  if (state !== "stuck") return { ending: [state], trouble: [] };
  const trouble = nameless(problem);
  const [, verb] = /changeover (resume|rollback)/.exec(problem?.next ?? "") ?? [];
  if (!verb) return { ending: ["stuck"], trouble: [...trouble, `it says to do this: ${problem?.next}`] };
  const ran = await product.run([verb, id]);
  const after = await endOf(product, id);
  return {
    ending: [`stuck (${problem?.what}: ${problem?.why})`, after.state],
    trouble: after.state === "stuck" ? [...trouble, `${verb} did not end it: ${ran.stdout}${ran.stderr}`] : trouble,
  };
}

/** A killed service may still be on its way back. */
async function sightTrouble(product: Product, ending: string): Promise<string[]> {
  const release = ending === "upgraded" ? NEW : OLD;
  const wanted = serving(String(release), SIZE, ending);
  let sight: unknown = null;
  for (let look = 0; look < 20 && !isDeepStrictEqual(sight, wanted); look++) {
    if (look > 0) await sleep(1_000);
    sight = await product.status("board").then(sightOf, String);
  }
  if (!isDeepStrictEqual(sight, wanted)) return [`it serves like this: ${JSON.stringify(sight)}`];
  const runs = await migrateRuns(product);
  const once = ending === "upgraded" ? [`${OLD} 1`, `${NEW} 1`] : [`${OLD} 1`];
  return isDeepStrictEqual(runs, once) ? [] : [`migrations ran: ${runs.join("; ")}`];
}

const split = (primaries: string[]): string[] =>
  primaries.length === 1 ? [] : [`${primaries.join(" and ") || "nobody"} took writes`];

const harm = ({ writes }: LedgerSummary): string[] => [
  ...(writes.acknowledged === 0 ? ["no write at all"] : []),
  ...Object.entries({ lost: writes.lost, duplicated: writes.duplicated })
    .filter(([, count]) => count !== 0)
    .map(([what, count]) => `${count} ${what}`),
];

/** Requests may fail only while that is broken which answers them. */
async function failureTrouble(book: string, { felt }: Fault, broken: { from: number; to: number }): Promise<string[]> {
  const { runs } = await readBook(book);
  const strange = runs.filter(
    ({ kind, from, to }) =>
      kind === "failed" && (felt === null || to < broken.from - 1_000 || from > broken.to + felt.forMs),
  );
  const [first] = strange;
  if (!first) return [];
  const count = strange.reduce((sum, run) => sum + run.count, 0);
  return [`${count} failed that had nothing to do with it, ${first.from - broken.from} ms after it: ${first.why}`];
}
