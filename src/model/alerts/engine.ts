/** The life of an alert on one thing that it watches: a sample comes, and it says what has changed and what is due. Pure. */
import { type Action, plannedAt, plannedAtEnd, type Planned, repeats } from "./action.ts";
import type { AlertRule } from "./rule.ts";
import { holds, type Sample } from "./sample.ts";

type Vote = Extract<Action, { kind: "vote" }>;

export interface Raised {
  /** Since when the condition holds, and when it was raised: it is raised once it held long enough. */
  since: number;
  at: number;
  /** Since when the condition has not held; null while it holds. */
  clearSince: number | null;
  /** By the key of its place in the rule. */
  done: Record<string, { times: number; at: number }>;
  /** Votes that stand. */
  votes: Vote[];
}

export interface AlertState {
  /** The last one that there was. */
  sample: Sample;
  /** Since when the condition holds without a break; null while it does not, or while it is raised. */
  pendingSince: number | null;
  raised: Raised | null;
}

export interface Around {
  now: number;
  /** Nothing is done, it is only shown. */
  quenched: boolean;
  /** Votes and scripts are denied. */
  locked: boolean;
  /** Two samples further apart say nothing of the time between them. */
  maxGapMs: number;
}

export interface Due extends Planned {
  /** 1 for the first time; more when it is repeated. */
  turn: number;
  why: "raised" | "repeated" | "escalated" | "resolved";
}

export interface Turn {
  state: AlertState;
  event: "raised" | "still" | "resolved" | "none";
  /** The time at which the alert was raised that is meant; null when none is. */
  raisedAt: number | null;
  due: Due[];
  /** Votes that have to stand from now on, and those that stood and may not any longer. */
  votes: Vote[];
  takenBack: Vote[];
}

/** `sample` null: nobody looked, or what was seen is not to be judged now; then nothing is decided. */
export function takeTurn(
  rule: AlertRule,
  before: AlertState | null,
  sample: Sample | null,
  around: Around,
): Turn | null {
  if (sample === null) return before && quiet(before);
  const held = follow(rule, before, sample, around);
  if (!held.raised) return quiet({ sample, pendingSince: held.pendingSince, raised: null });
  if (before?.raised && held.cleared)
    return resolved(rule, { sample, pendingSince: null, raised: held.raised }, around);
  const { raised } = held;
  const due = dueNow(rule, raised, around);
  const votes = standing(rule, raised, around);
  const state: AlertState = {
    sample,
    pendingSince: null,
    raised: { ...raised, done: markDone(raised.done, due, around.now), votes },
  };
  const takenBack = without(raised.votes, votes);
  return { state, event: before?.raised ? "still" : "raised", raisedAt: raised.at, due, votes, takenBack };
}

/** It is no longer watched: its server is gone, or its rule. Nobody is told; what it voted for is taken back. */
export function dismiss(state: AlertState): Turn {
  const { raised } = state;
  return {
    state: { ...state, pendingSince: null, raised: null },
    event: raised ? "resolved" : "none",
    raisedAt: raised?.at ?? null,
    due: [],
    votes: [],
    takenBack: raised?.votes ?? [],
  };
}

const quiet = (state: AlertState): Turn => ({
  state,
  event: state.raised ? "still" : "none",
  raisedAt: state.raised?.at ?? null,
  due: [],
  votes: state.raised?.votes ?? [],
  takenBack: [],
});

/** Only samples prove that a condition held: a gap in them begins its time anew. */
function follow({ when }: AlertRule, before: AlertState | null, sample: Sample, { now, maxGapMs }: Around) {
  const broken = before === null || sample.at - before.sample.at > maxGapMs;
  const [forMs, clearMs] = [when.forSeconds * 1000, (when.clearSeconds ?? when.forSeconds) * 1000];
  const wrong = holds(when, sample);
  const raised = before?.raised ?? null;
  if (raised) {
    const clearSince = wrong ? null : broken ? sample.at : (raised.clearSince ?? sample.at);
    const cleared = clearSince !== null && sample.at - clearSince >= clearMs;
    return { pendingSince: null, raised: { ...raised, clearSince }, cleared };
  }
  if (!wrong) return { pendingSince: null, raised: null, cleared: false };
  const since = broken ? sample.at : (before.pendingSince ?? sample.at);
  if (sample.at - since < forMs) return { pendingSince: since, raised: null, cleared: false };
  const fresh: Raised = { since, at: now, clearSince: null, done: {}, votes: [] };
  return { pendingSince: null, raised: fresh, cleared: false };
}

function resolved(rule: AlertRule, state: AlertState, around: Around): Turn {
  const due = plannedAtEnd(rule)
    .filter(({ action }) => isAllowed(action, around))
    .map((planned): Due => ({ ...planned, turn: 1, why: "resolved" }));
  return { ...dismiss(state), due };
}

const isAllowed = ({ kind }: Action, { quenched, locked }: Around): boolean =>
  !quenched && !(locked && (kind === "vote" || kind === "run"));

/** What is already getting better is waited for: nothing new is begun and nothing repeated. */
function dueNow(rule: AlertRule, raised: Raised, around: Around): Due[] {
  if (raised.clearSince !== null) return [];
  return plannedAt(rule, around.now - raised.at).flatMap((planned): Due[] => {
    const done = raised.done[planned.key];
    // A vote is no deed: it stands or it does not.
    if (planned.action.kind === "vote" || !isAllowed(planned.action, around)) return [];
    if (!done) return [{ ...planned, turn: 1, why: planned.afterMs > 0 ? "escalated" : "raised" }];
    const next = nextTurn(rule, planned, done);
    return next !== null && next <= around.now ? [{ ...planned, turn: done.times + 1, why: "repeated" }] : [];
  });
}

function nextTurn({ repeatEverySeconds }: AlertRule, { action }: Planned, done: { at: number }): number | null {
  return repeatEverySeconds === undefined || !repeats(action) ? null : done.at + repeatEverySeconds * 1000;
}

/** A vote that may not be cast does not stand either. */
const standing = (rule: AlertRule, raised: Raised, around: Around): Vote[] =>
  plannedAt(rule, around.now - raised.at)
    .map(({ action }) => action)
    .filter((action) => action.kind === "vote")
    .filter((action) => isAllowed(action, around))
    // One voter has one vote in a group; the later stage decides.
    .filter(({ group }, at, all) => all.findLastIndex((one) => one.group === group) === at);

/** Those of groups in which none stands any longer: another vote takes the place of the first by itself. */
const without = (votes: readonly Vote[], kept: readonly Vote[]): Vote[] =>
  votes.filter(({ group }) => !kept.some((one) => one.group === group));

function markDone(done: Raised["done"], due: readonly Due[], at: number): Raised["done"] {
  return { ...done, ...Object.fromEntries(due.map(({ key, turn }) => [key, { times: turn, at }])) };
}

/** When the next action is due if all stays as it is, and which; in the past when it is held back. Null: none would come. */
export function nextDue(rule: AlertRule, { raised }: AlertState, now: number): { at: number; planned: Planned } | null {
  if (!raised) return null;
  const begun = now - raised.at;
  const turns = [begun, ...rule.escalate.map(({ afterSeconds }) => afterSeconds * 1000).filter((ms) => ms > begun)];
  const coming = turns.flatMap((sinceMs) =>
    plannedAt(rule, sinceMs).flatMap((planned) => {
      const done = raised.done[planned.key];
      const at = done ? nextTurn(rule, planned, done) : raised.at + planned.afterMs;
      if (planned.action.kind === "vote" || at === null) return [];
      // By then something else may have taken its place.
      const holds = plannedAt(rule, Math.max(at, now) - raised.at).some(({ key }) => key === planned.key);
      return holds ? [{ at, planned }] : [];
    }),
  );
  return coming.reduce<(typeof coming)[number] | null>(
    (first, one) => (first === null || one.at < first.at ? one : first),
    null,
  );
}
