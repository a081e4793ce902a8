/** The laws of alerts: on any course of samples, quenches, locks and edits, each thing is done once, in time, or not at all. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { plannedAt } from "../../src/model/alerts/action.ts";
import { type AlertState, type Around, nextDue, takeTurn, type Turn } from "../../src/model/alerts/engine.ts";
import { type AlertRule, alertsSchema } from "../../src/model/alerts/rule.ts";
import { holds, type Sample } from "../../src/model/alerts/sample.ts";

const GAP_MS = 30_000;
const LIMIT = 10;
const runs = { numRuns: 300, seed: 7 };

const told = (name: string) => ({ notify: { url: `http://${name}.example/` } });
const actions = fc.uniqueArray(
  fc.constantFrom<Record<string, unknown>>(
    told("one"),
    told("two"),
    { vote: "grow", group: "burst" },
    { vote: "shrink", group: "burst" },
    { vote: "grow", group: "other" },
    { run: "restart" },
    { pause: "upgrade" },
  ),
  { maxLength: 4, selector: (action) => JSON.stringify(action) },
);
const escalations = fc
  .uniqueArray(fc.constantFrom(10, 60, 300), { maxLength: 3 })
  .chain((times) =>
    fc.tuple(
      ...times
        .sort((left, right) => left - right)
        .map((afterSeconds) =>
          fc.record({ afterSeconds: fc.constant(afterSeconds), instead: fc.boolean(), do: actions }),
        ),
    ),
  );
const rules: fc.Arbitrary<AlertRule> = fc
  .record({
    forSeconds: fc.constantFrom(0, 5, 20, 60),
    clearSeconds: fc.constantFrom(undefined, 0, 20),
    repeatEverySeconds: fc.constantFrom(undefined, 10, 45),
    do: actions,
    escalate: escalations,
    resolve: fc.constantFrom([], [told("one")], [{ run: "tidy" }]),
  })
  .map(({ forSeconds, clearSeconds, escalate, ...rest }) => {
    const when = {
      metric: "lagTransactions",
      over: LIMIT,
      forSeconds,
      ...(clearSeconds === undefined ? {} : { clearSeconds }),
    };
    const stages = escalate.filter((stage) => stage.do.length > 0);
    const [rule] = alertsSchema.parse([JSON.parse(JSON.stringify({ name: "lag", when, ...rest, escalate: stages }))]);
    return rule as AlertRule;
  });

/** One look: how long after the one before, and what it sees; "missed" when nothing is to be judged. */
interface Look {
  afterMs: number;
  seen: number | null | "missed";
  quenched: boolean;
  locked: boolean;
}

const looks: fc.Arbitrary<Look[]> = fc.array(
  fc.record({
    afterMs: fc.constantFrom(1_000, 4_500, 5_000, 5_000, 19_500, 90_000),
    // Mostly wrong, so that most courses raise something.
    seen: fc.constantFrom<Look["seen"]>(LIMIT + 1, LIMIT + 1, LIMIT + 1, LIMIT + 1, null, null, LIMIT, 0, "missed"),
    quenched: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    locked: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  }),
  { minLength: 5, maxLength: 40 },
);

interface Seen {
  now: number;
  look: Look;
  around: Around;
  rule: AlertRule;
  before: AlertState | null;
  turn: Turn;
}

/** Lives through the looks, as the store would keep the state between them. */
function live(first: AlertRule, course: readonly Look[], edit?: { at: number; to: AlertRule }): Seen[] {
  const seen: Seen[] = [];
  let [now, state]: [number, AlertState | null] = [Date.UTC(2030, 0, 1), null];
  for (const [number, look] of course.entries()) {
    now += look.afterMs;
    const rule = edit && number >= edit.at ? edit.to : first;
    const sample: Sample | null = look.seen === "missed" ? null : { at: now, value: look.seen, note: "" };
    const around = { now, quenched: look.quenched, locked: look.locked, maxGapMs: GAP_MS };
    const turn = takeTurn(rule, state, sample, around);
    if (!turn) continue;
    seen.push({ now, look, around, rule, before: state, turn });
    state = JSON.parse(JSON.stringify(turn.state)) as AlertState;
  }
  return seen;
}

const lawful = (law: (seen: Seen[], rule: AlertRule) => void) =>
  fc.assert(
    fc.property(rules, looks, (rule, course) => law(live(rule, course), rule)),
    runs,
  );

test("nothing is done while it is quenched; neither a vote nor a script while it is locked", () => {
  let done = 0;
  lawful((seen) => {
    for (const { look, turn } of seen) {
      done += turn.due.length;
      if (look.seen === "missed") expect(turn.due).toEqual([]);
      else if (look.quenched) expect([turn.due, turn.votes]).toEqual([[], []]);
      else if (look.locked) {
        expect(turn.votes).toEqual([]);
        expect(turn.due.filter(({ action }) => action.kind === "run" || action.kind === "vote")).toEqual([]);
      }
    }
  });
  expect(done).toBeGreaterThan(runs.numRuns);
});

test("each action is done once for each time that it is due, and repeated no sooner than the rule says", () => {
  lawful((seen, rule) => {
    const last = new Map<string, { at: number; turn: number }>();
    for (const { now, turn } of seen) {
      if (turn.event === "raised") last.clear();
      for (const due of turn.due.filter(({ why }) => why !== "resolved")) {
        const before = last.get(due.key);
        expect(due.turn).toBe((before?.turn ?? 0) + 1);
        if (before) {
          expect(["notify", "run"]).toContain(due.action.kind);
          expect(now - before.at).toBeGreaterThanOrEqual((rule.repeatEverySeconds ?? Number.POSITIVE_INFINITY) * 1000);
        }
        last.set(due.key, { at: now, turn: due.turn });
      }
    }
  });
});

test("what is due is done: nothing that may be done is left out while it is wrong", () => {
  lawful((seen) => {
    for (const { now, look, rule, turn } of seen) {
      const { raised } = turn.state;
      if (!raised || raised.clearSince !== null || look.seen === "missed" || look.quenched || look.locked) continue;
      const planned = plannedAt(rule, now - raised.at);
      const deeds = planned.filter(({ action }) => action.kind !== "vote");
      expect(Object.keys(raised.done)).toEqual(expect.arrayContaining(deeds.map(({ key }) => key)));
      const groups = planned.flatMap(({ action }) => (action.kind === "vote" ? [action.group] : []));
      expect(turn.votes.map(({ group }) => group).sort()).toEqual([...new Set(groups)].sort());
      const next = nextDue(rule, turn.state, now);
      if (next) expect(next.at).toBeGreaterThan(now);
    }
  });
});

/** Said in another way than the engine does: by looking back over all samples. */
function provenSince(seen: readonly Seen[], wrong: boolean): number | null {
  const samples = seen.filter(({ look }) => look.seen !== "missed").map(({ turn }) => turn.state.sample);
  let since: number | null = null;
  for (const [at, sample] of [...samples.entries()].reverse()) {
    if (holds({ over: LIMIT }, sample) !== wrong) break;
    const next = samples[at + 1];
    if (next && next.at - sample.at > GAP_MS) break;
    since = sample.at;
  }
  return since;
}

test("it is raised when samples prove that it was wrong for long enough, and never sooner", () => {
  let raised = 0;
  lawful((seen, rule) => {
    for (const [at, { now, look, before, turn }] of seen.entries()) {
      if (before?.raised || look.seen === "missed") continue;
      const since = provenSince(seen.slice(0, at + 1), true);
      // What was wrong before it was last resolved counts as well: nobody saw anything good since.
      const due = since !== null && now - since >= rule.when.forSeconds * 1000;
      expect(turn.event === "raised", `since ${since === null ? "never" : now - since}`).toBe(due);
      if (due) raised += 1;
    }
  });
  expect(raised).toBeGreaterThan(runs.numRuns / 2);
});

test("it is resolved once for each time that it was raised, after it was good for long enough", () => {
  let resolved = 0;
  lawful((seen, rule) => {
    let open = false;
    for (const [at, { now, turn }] of seen.entries()) {
      if (turn.event === "raised") {
        expect(open).toBe(false);
        open = true;
      }
      if (turn.event !== "resolved") continue;
      expect(open).toBe(true);
      open = false;
      resolved += 1;
      const since = provenSince(seen.slice(0, at + 1), false) ?? Number.NaN;
      expect(now - since).toBeGreaterThanOrEqual((rule.when.clearSeconds ?? rule.when.forSeconds) * 1000);
    }
  });
  expect(resolved).toBeGreaterThan(50);
});

test("votes stand only while it is raised, one in each group, and are taken back when it is resolved", () => {
  lawful((seen) => {
    const standing = new Map<string, string>();
    for (const { turn } of seen) {
      for (const { group } of turn.takenBack)
        expect(standing.delete(group), "taken back without being cast").toBe(true);
      for (const { group, vote } of turn.votes) standing.set(group, vote);
      expect(new Set(turn.votes.map(({ group }) => group)).size).toBe(turn.votes.length);
      expect([...standing.keys()].sort()).toEqual(turn.votes.map(({ group }) => group).sort());
      if (!turn.state.raised) expect(standing.size).toBe(0);
    }
  });
});

test("escalations come in their order, each in its time, and what they replace is not done again", () => {
  lawful((seen, rule) => {
    const stageOf = (afterMs: number) => rule.escalate.find(({ afterSeconds }) => afterSeconds * 1000 === afterMs);
    for (const { now, turn } of seen) {
      const raisedAt = turn.state.raised?.at;
      if (raisedAt === undefined) continue;
      const reached = rule.escalate.filter(({ afterSeconds }) => afterSeconds * 1000 <= now - raisedAt);
      const replacing = reached.findLast(({ instead }) => instead);
      for (const { afterMs, why } of turn.due) {
        expect(now - raisedAt).toBeGreaterThanOrEqual(afterMs);
        expect(afterMs).toBeGreaterThanOrEqual((replacing?.afterSeconds ?? 0) * 1000);
        if (why === "escalated") expect(stageOf(afterMs)).toBeDefined();
      }
    }
  });
});

test("an edited rule counts at once: what is new in it is done, what is gone is neither done nor repeated, nor voted", () => {
  fc.assert(
    fc.property(rules, rules, looks, fc.nat(20), (first, second, course, at) => {
      for (const { now, rule, turn, look, before } of live(first, course, { at, to: second })) {
        const { raised } = turn.state;
        if (!raised || look.seen === "missed") continue;
        const planned = plannedAt(rule, now - raised.at);
        for (const { key } of turn.due) expect(planned.map((one) => one.key)).toContain(key);
        for (const { group } of turn.votes)
          expect(planned.map(({ action }) => action.kind === "vote" && action.group)).toContain(group);
        const allowed = !look.quenched && !look.locked && raised.clearSince === null;
        const deeds = planned.filter(({ action }) => action.kind !== "vote");
        if (allowed) for (const { key } of deeds) expect(raised.done).toHaveProperty([key]);
        if (before?.raised) expect(turn.event).not.toBe("raised");
      }
    }),
    runs,
  );
});

test("what can't be told is wrong whatever the rule waits for, and is never taken for 0", () => {
  for (const limit of [{ over: LIMIT }, { under: -1 }, { under: LIMIT }]) {
    const [rule] = alertsSchema.parse([{ name: "lag", when: { metric: "lagTransactions", forSeconds: 5, ...limit } }]);
    const unknown: Look = { afterMs: 5_000, seen: null, quenched: false, locked: false };
    const seen = live(rule as AlertRule, [unknown, unknown]);
    expect(seen.map(({ turn }) => turn.event)).toEqual(["none", "raised"]);
    expect(seen.at(-1)?.turn.state.sample.value).toBeNull();
  }
});

test("raised again, it begins from the top", () => {
  const [rule] = alertsSchema.parse([
    {
      name: "lag",
      when: { metric: "lagTransactions", over: LIMIT, forSeconds: 0, clearSeconds: 0 },
      do: [told("one")],
      escalate: [{ afterSeconds: 10, instead: true, do: [told("two")] }],
      resolve: [told("one")],
    },
  ]);
  const look = (seen: number): Look => ({ afterMs: 10_000, seen, quenched: false, locked: false });
  const seen = live(rule as AlertRule, [99, 99, 99, 0, 0, 99, 99].map(look));
  expect(seen.map(({ turn }) => [turn.event, ...turn.due.map(({ why }) => why)])).toEqual([
    ["raised", "raised"],
    ["still", "escalated"],
    ["still"],
    ["resolved", "resolved"],
    ["none"],
    ["raised", "raised"],
    ["still", "escalated"],
  ]);
});
