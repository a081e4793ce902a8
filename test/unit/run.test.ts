/** What a plan means: order, way back, limits, and what can no longer be taken back. Without a database. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import type { Clock } from "../../src/model/clock.ts";
import type { Plan, PlanStep, Stage } from "../../src/model/plan.ts";
import { Problem } from "../../src/model/problem.ts";
import { defineStep, type StepContext, type StepDefinition } from "../../src/model/step.ts";
import type { World } from "../../src/model/world.ts";
import { checkPlan } from "../../src/run/layout.ts";
import { memoryJournal } from "../../src/run/memory-journal.ts";
import { type MemoryRun, runInMemory } from "../../src/run/run-in-memory.ts";

/** Jumps to the next sleeper as soon as nobody has anything else to do. */
function jumpingClock(): Clock {
  let now = 0;
  const sleepers = new Set<{ at: number; wake: () => void }>();
  const jump = (): void => {
    const [next] = [...sleepers].sort((left, right) => left.at - right.at);
    if (!next) return;
    sleepers.delete(next);
    now = Math.max(now, next.at);
    next.wake();
    if (sleepers.size > 0) setImmediate(jump);
  };
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const sleeper = { at: now + ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", () => sleepers.delete(sleeper) && reject(signal.reason));
        setImmediate(jump);
      }),
  };
}

interface Toy {
  name: string;
  fails: "never" | "check" | "apply" | "verify" | "undo";
  takesMs: number;
  deaf: boolean;
}

/** The whole toy world: names that were made, and each deed in its order. */
interface Made {
  world: Set<string>;
  deeds: string[];
  onDeed?: (deed: string) => void;
}

const bad = (what: string): Problem => new Problem("step-failed", { what, why: "it was told so", next: "-" });

function toyNamed(name: string, made: Made, undoable: StepDefinition["undoable"] = "always"): StepDefinition {
  const schema = z.object({ name: z.string(), fails: z.string(), takesMs: z.number(), deaf: z.boolean() });
  return defineStep<z.infer<typeof schema>>({
    name,
    input: schema,
    undoable,
    says: (input) => input.name,
    byHand: () => ({ act: "-", see: "-", back: null }),
    limitMs: () => 10_000,
    async check(_context, input) {
      if (input.fails === "check") throw bad(`${input.name} may not`);
    },
    async apply(context: StepContext, input) {
      made.deeds.push(`apply ${input.name}`);
      made.onDeed?.(`apply ${input.name}`);
      await context.world.clock.sleep(input.takesMs, input.deaf ? undefined : context.signal);
      if (input.fails === "apply") throw bad(`${input.name} fails`);
      made.world.add(input.name);
    },
    async verify(context, input) {
      if (input.fails === "verify") throw bad(`${input.name} does not hold`);
      if (await context.until(1_000, async () => made.world.has(input.name))) return { made: input.name };
      throw bad(`${input.name} is missing`);
    },
    async undo(_context, input) {
      made.deeds.push(`undo ${input.name}`);
      if (input.fails === "undo") throw bad(`${input.name} can't be undone`);
      made.world.delete(input.name);
    },
  }) as StepDefinition;
}

const step = (name: string, more: Partial<Toy> & { as?: string } = {}): PlanStep => {
  const { as = "toy", ...input } = more;
  return { step: as, input: { name, fails: "never", takesMs: 0, deaf: false, ...input }, says: name };
};
const stage = (steps: PlanStep[], parallel = false): Stage => ({ name: "stage", parallel, steps, wayBack: "" });
const planOf = (stages: Stage[], more: Partial<Plan> = {}): Plan => ({
  format: 1,
  environment: "toy",
  strategy: "major",
  from: "1",
  to: "2",
  stages,
  afterWayBack: [],
  failAt: null,
  ...more,
});

function run(plan: Plan, more: Partial<MemoryRun> = {}, made: Made = { world: new Set(), deeds: [] }) {
  const clock = jumpingClock();
  const definitions = new Map<string, StepDefinition>([
    ["toy", toyNamed("toy", made)],
    ["fence", toyNamed("fence", made, "until-writes")],
    ["reopen", toyNamed("reopen", made)],
    ["burn", toyNamed("burn", made, "never")],
  ]);
  const world = { clock, redact: (text: string) => text, within: () => world } as unknown as World;
  const ran = runInMemory({ plan, definitions, world, clock, upgrade: "u-1", ...more });
  return ran.then(({ end, entries }) => ({ end, entries, made, clock }));
}

test("steps run in the plan's order, and each is proven", async () => {
  const { end, entries, made } = await run(
    planOf([stage([step("a"), step("b")]), stage([step("c"), step("d")], true)]),
  );
  expect(end).toEqual({ state: "upgraded" });
  expect(made.deeds).toEqual(["apply a", "apply b", "apply c", "apply d"]);
  expect(entries.map(({ result, evidence }) => [result, evidence?.made])).toEqual(
    ["a", "b", "c", "d"].map((n) => ["done", n]),
  );
});

test.each(["check", "apply", "verify"] as const)(
  "a step that fails in its %s is undone too, then those before it",
  async (fails) => {
    const after = [stage([step("order")])];
    const { end, made } = await run(
      planOf([stage([step("a"), step("b")]), stage([step("c", { fails }), step("d")])], { afterWayBack: after }),
    );
    expect(end).toMatchObject({ state: "rolled-back" });
    expect(made.deeds.filter((deed) => deed.startsWith("undo"))).toEqual(["undo c", "undo b", "undo a"]);
    expect([...made.world]).toEqual(["order"]);
  },
);

test("law: wherever a plan fails, exactly what had begun is undone, and the world is as before", async () => {
  const toys = fc.record({
    fails: fc.constantFrom("never", "never", "never", "check", "apply", "verify"),
    takesMs: fc.nat(50),
  });
  const stages = fc.array(
    fc.record({ parallel: fc.boolean(), steps: fc.array(toys, { minLength: 1, maxLength: 4 }) }),
    { maxLength: 5 },
  );
  await fc.assert(
    fc.asyncProperty(stages, async (drawn) => {
      let count = 0;
      const plan = planOf(
        drawn.map((one) =>
          stage(
            one.steps.map((toy) => step(`s${count++}`, toy as Partial<Toy>)),
            one.parallel,
          ),
        ),
      );
      const { end, entries, made } = await run(plan);
      const all = drawn.flatMap((one) => one.steps);
      const named = (direction: string) =>
        entries.filter((one) => one.direction === direction).map(({ index }) => index);
      expect(end.state).toBe(all.every(({ fails }) => fails === "never") ? "upgraded" : "rolled-back");
      expect(made.world.size).toBe(end.state === "upgraded" ? all.length : 0);
      expect([...named("undo")].sort()).toEqual(end.state === "upgraded" ? [] : [...named("apply")].sort());
      expect(entries.every(({ result }) => result !== null)).toBe(true);
    }),
    { numRuns: 100, seed: 7 },
  );
});

test("a limit ends a step that listens, and abandons one that does not", async () => {
  for (const deaf of [false, true]) {
    const { end, clock } = await run(planOf([stage([step("slow", { takesMs: 3_600_000, deaf })])]));
    expect(end).toMatchObject({
      state: "rolled-back",
      reason: { kind: "timed-out", what: '"slow" did not end in time' },
    });
    expect(clock.now()).toBeLessThan(20_000);
  }
});

test("the way back, asked for in the middle of a step, ends that step and begins nothing more", async () => {
  const asked = new AbortController();
  const reason = new Problem("refused", { what: "the way back was asked for", why: "enough", next: "-" });
  const onDeed = (deed: string) => deed === "apply b" && asked.abort(reason);
  const made: Made = { world: new Set(), deeds: [], onDeed };
  const plan = planOf([stage([step("a"), step("b", { takesMs: 5_000 }), step("c")])]);
  const { end } = await run(plan, { wayBackAsked: asked.signal }, made);
  expect(end).toMatchObject({ state: "rolled-back", reason: { why: "enough" } });
  expect(made.deeds).toEqual(["apply a", "apply b", "undo b", "undo a"]);
});

test("told to fail at a step: it is done, then the way back is taken", async () => {
  const { end, made } = await run(planOf([stage([step("a"), step("f", { as: "fence" })])], { failAt: "fence" }));
  expect(end).toMatchObject({ reason: { what: 'told to fail at "fence"' } });
  expect(made.deeds).toEqual(["apply a", "apply f", "undo f", "undo a"]);
});

test("an undo that fails is tried again, then it is stuck and nothing before it is touched", async () => {
  const { end, entries, made } = await run(
    planOf([stage([step("a"), step("b", { fails: "undo" }), step("c", { fails: "apply" })])]),
  );
  expect(end).toMatchObject({ state: "stuck", problem: { what: "b can't be undone" } });
  expect(entries.filter(({ direction, says }) => direction === "undo" && says === "b")).toHaveLength(4);
  expect(made.deeds).not.toContain("undo a");
});

test.each([
  ["after a step that can't be undone", [step("a"), step("b", { as: "burn" })]],
  ["after reopening on what must not lose writes", [step("f", { as: "fence" }), step("r", { as: "reopen" })]],
])("%s, a failure is tried again and then a matter for people: nothing is undone", async (_when, steps) => {
  const { end, entries, made } = await run(planOf([stage([...steps, step("z", { fails: "apply" })])]));
  expect(end).toMatchObject({ state: "stuck", problem: { what: "z fails" } });
  expect(entries.filter(({ says }) => says === "z")).toHaveLength(4);
  expect(made.deeds.filter((deed) => deed.startsWith("undo"))).toEqual([]);
});

test("a step that closes the way back, refused by its own check, leaves it open", async () => {
  const { end, made } = await run(planOf([stage([step("a"), step("b", { as: "burn", fails: "check" })])]));
  expect(end.state).toBe("rolled-back");
  expect(made.deeds).toContain("undo a");
});

test("a step that was cut short is looked at once, and not done again when it holds", async () => {
  for (const held of [true, false]) {
    const made: Made = { world: new Set(held ? ["a"] : []), deeds: [] };
    const journal = memoryJournal("u-1", jumpingClock());
    await journal.begin({ index: 0, stage: "stage", step: "toy", says: "a" }, "apply");
    const { end, entries, clock } = await run(planOf([stage([step("a")])]), { journal }, made);
    expect(end.state).toBe("upgraded");
    expect(made.deeds).toEqual(held ? [] : ["apply a"]);
    expect(entries.map(({ result, foundDone }) => [result, foundDone])).toEqual([
      [null, false],
      ["done", held],
    ]);
    expect(clock.now()).toBe(0);
  }
});

test("a gate that is not passed takes the way back", async () => {
  const gate = { step: "gate", input: { gate: "go", question: "?", deadlineMs: 1 }, says: "Go on?" };
  const { end, made } = await run(planOf([stage([step("a"), gate, step("b")])]), {
    ask: async () => ({ kind: "refused", what: "no", why: "-", next: "-" }),
  });
  expect(end).toMatchObject({ state: "rolled-back", reason: { what: "no" } });
  expect(made.deeds).toEqual(["apply a", "undo a"]);
});

test("a plan with an unknown step, a bad input or two gates of one name is refused before anything begins", () => {
  const definitions = new Map([["toy", toyNamed("toy", { world: new Set(), deeds: [] })]]);
  const gate = { step: "gate", input: { gate: "go", question: "?", deadlineMs: 1 }, says: "Go on?" };
  const refused = (steps: PlanStep[]) => expect(() => checkPlan(planOf([stage(steps)]), definitions));
  refused([step("a"), gate]).not.toThrow();
  refused([step("a", { as: "dance" })]).toThrow('a step "dance", which this release does not know');
  refused([{ step: "toy", input: { name: 7 }, says: "a" }]).toThrow("bad input");
  refused([gate, gate]).toThrow('two gates called "go"');
});
