/** What the journal and durable execution add to a step that does nothing, beside bare commits on the same database. */
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { z } from "zod";
import type { Plan } from "../src/model/plan.ts";
import { defineStep, type StepDefinition } from "../src/model/step.ts";
import type { World } from "../src/model/world.ts";
import { systemClock } from "../src/run/clock.ts";
import { startEngine } from "../src/run/engine.ts";
import { ensureEmbedded, removeEmbedded } from "../src/store/embedded.ts";
import { openStore } from "../src/store/store.ts";
import { findUpgrade } from "../src/store/upgrades.ts";
import { figureOf, median, percentile } from "./figures.ts";
import type { Asked, Outcome, Row } from "./results.ts";

const RUNS = 3;
const STEPS = 200;
/** The first ones warm up code and connections. */
const WARM = 20;
const TARGET_MS = 10;

export async function engine({ runs }: Asked): Promise<Outcome> {
  const home = join(tmpdir(), `changeover-engine-${randomBytes(3).toString("hex")}`);
  mkdirSync(home, { mode: 0o755 });
  try {
    const { url } = await ensureEmbedded({ home });
    const rows: Row[] = [];
    const all: number[] = [];
    for (let run = 1; run <= (runs ?? RUNS); run++) {
      const rawMs = median(await bareCommits(url));
      const gaps = await emptySteps(url);
      all.push(...gaps);
      rows.push({ run, steps: gaps.length, p50Ms: median(gaps), p99Ms: percentile(gaps, 99), rawP50Ms: rawMs });
    }
    const target = { statistic: "median" as const, most: TARGET_MS };
    return {
      rows,
      figures: {
        "added to a step": { ...figureOf("ms", all, target), p99: percentile(all, 99) },
        "two bare commits": figureOf(
          "ms",
          rows.map(({ rawP50Ms }) => Number(rawP50Ms)),
        ),
      },
      failures: [],
    };
  } finally {
    await removeEmbedded({ home });
    rmSync(home, { recursive: true, force: true });
  }
}

/** A world without servers: what it does would count as the step's. */
const NOWHERE: World = {
  environment: "idle",
  redact: (text: string) => text,
  within: () => NOWHERE,
  provider: { list: async () => [], close: async () => {} },
} as unknown as World;

/** From one step's beginning to the next one's: everything that is not the step itself. */
async function emptySteps(url: string): Promise<number[]> {
  const began: number[] = [];
  const nothing = defineStep({
    name: "nothing",
    input: z.strictObject({ number: z.number() }),
    undoable: "always",
    says: ({ number }) => `Do nothing, ${number}`,
    byHand: () => ({ act: "-", see: "-", back: null }),
    limitMs: () => 10_000,
    apply: async () => void began.push(performance.now()),
    verify: async (_context, { number }) => ({ number }),
  });
  const store = await openStore({ url });
  const engine = await startEngine({
    store,
    url,
    steps: new Map<string, StepDefinition>([["nothing", nothing as StepDefinition]]),
    world: async () => NOWHERE,
    clock: systemClock,
    takeoverMs: 0,
  });
  try {
    const id = await engine.startUpgrade(planOf(STEPS + WARM + 1), { yes: true, by: "bench" });
    for (;;) {
      const seen = await findUpgrade(store, id);
      if (seen?.state === "upgraded") break;
      if (seen?.state === "stuck" || seen?.state === "rolled-back")
        throw new Error(`the upgrade is ${seen.state}: ${seen.reason}`);
      await systemClock.sleep(200);
    }
  } finally {
    await engine.stop();
    await store.close();
  }
  return began
    .slice(1)
    .map((at, turn) => at - Number(began[turn]))
    .slice(WARM);
}

function planOf(count: number): Plan {
  const numbers = Array.from({ length: count }, (_, number) => number);
  const steps = numbers.map((number) => ({ step: "nothing", input: { number }, says: `Do nothing, ${number}` }));
  const stages = [{ name: "Nothing", parallel: false, steps, wayBack: "nothing to undo" }];
  return {
    format: 1,
    environment: "idle",
    strategy: "major",
    from: "1",
    to: "2",
    stages,
    afterWayBack: [],
    failAt: null,
  };
}

/** A row inserted and a row updated, each with a commit of its own: an intent and a result, and nothing else. */
async function bareCommits(url: string): Promise<number[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // A real table: the commits of a temporary one wait for no disk.
    await client.query("create table if not exists public.bare (number int primary key, result text)");
    await client.query("truncate public.bare");
    const took: number[] = [];
    for (let number = 0; number < STEPS; number++) {
      const began = performance.now();
      await client.query("insert into public.bare values ($1, null)", [number]);
      await client.query("update public.bare set result = 'done' where number = $1", [number]);
      took.push(performance.now() - began);
    }
    return took;
  } finally {
    await client.end();
  }
}
