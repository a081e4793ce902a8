/** A synthetic alert: the same engine, the same actions and the same records as a real one, marked in each of them. */
import { type ActionKind, actionInWords, allPlanned, readAction } from "../model/alerts/action.ts";
import { type AlertState, type Around, takeTurn, type Turn } from "../model/alerts/engine.ts";
import type { AlertRule, WrittenAction } from "../model/alerts/rule.ts";
import { type Sample, valueBeyond, valueWithin } from "../model/alerts/sample.ts";
import { voterOf } from "../model/alerts/voter.ts";
import { Problem } from "../model/problem.ts";
import { takeBackVote, votesFor } from "../store/votes.ts";
import type { AlertTestView } from "../view/alerts.ts";
import { type ActionParts, recordAction, whyLocked } from "./alert-actions.ts";
import { carryOut, tellTurn, writeDown } from "./alert-turn.ts";

export interface AskedTest {
  environment: string;
  rule: AlertRule;
  target: string;
  /** Only actions of these kinds; null: all. */
  only: readonly ActionKind[] | null;
  /** Its escalations, too, one after the other and at once. */
  escalate: boolean;
}

type Results = AlertTestView["results"];

/** Of the alert: its clock is its own, so that nobody waits for as long as the rule does. */
interface Play {
  parts: ActionParts & { boot: number };
  asked: AskedTest;
  rule: AlertRule;
  locked: string | null;
  results: Results;
}

export async function testAlert(parts: ActionParts & { boot: number }, asked: AskedTest): Promise<AlertTestView> {
  const { environment, target } = asked;
  const rule = onlyThese(asked);
  const play: Play = { parts, asked, rule, locked: await whyLocked(parts.store, environment), results: [] };
  const { name, when, escalate } = rule;
  const begins = parts.clock.now();
  try {
    let state = await turn(play, null, { at: begins - when.forSeconds * 1000, wrong: true });
    state = await turn(play, state, { at: begins, wrong: true });
    if (asked.escalate)
      for (const { afterSeconds } of escalate)
        state = await turn(play, state, { at: begins + afterSeconds * 1000, wrong: true });
    const ends = state.sample.at;
    state = await turn(play, state, { at: ends, wrong: false });
    await turn(play, state, { at: ends + (when.clearSeconds ?? when.forSeconds) * 1000, wrong: false });
  } finally {
    // Whatever happened: a vote that nobody meant must not stay.
    for (const { action } of allPlanned(rule))
      if (action.kind === "vote")
        await takeBackVote(parts.store, environment, action.group, voterOf(name, target, true));
  }
  const { results } = play;
  const proven = results.every(({ outcome }) => outcome === "done" || outcome === "nothing");
  return { environment, alert: name, target, proven, results };
}

/** Repetitions prove nothing that the first time did not. */
function onlyThese({ environment, rule, only, escalate }: AskedTest): AlertRule {
  const { repeatEverySeconds: _, ...once } = rule;
  const kept = (actions: WrittenAction[]) =>
    actions.filter((one) => only === null || only.includes(readAction(one).kind));
  const stages = (escalate ? rule.escalate : []).map((stage) => ({ ...stage, do: kept(stage.do) }));
  const wanted = { ...once, do: kept(rule.do), escalate: stages, resolve: kept(rule.resolve) };
  if (allPlanned(wanted).length + wanted.resolve.length > 0) return wanted;
  throw new Problem("bad-input", {
    what: `there is nothing to prove of alert "${rule.name}"`,
    why: only === null ? "it has no actions" : `it has no action of the kind ${only.join(" or ")}`,
    next: `changeover alert show ${environment} ${rule.name}`,
  });
}

async function turn(
  play: Play,
  before: AlertState | null,
  { at, wrong }: { at: number; wrong: boolean },
): Promise<AlertState> {
  const { parts, asked, rule, locked } = play;
  const sample: Sample = {
    at,
    value: wrong ? valueBeyond(rule.when) : valueWithin(rule.when),
    note: "made up",
    synthetic: true,
  };
  const around: Around = { now: at, quenched: false, locked: locked !== null, maxGapMs: Number.POSITIVE_INFINITY };
  const taken = takeTurn(rule, before, sample, around) as Turn;
  const { environment, target } = asked;
  const now = parts.clock.now();
  const whole = { alert: rule.name, target, state: taken.state, rule, before, turn: taken, gone: false };
  const written = await parts.store.transaction((db) => writeDown(db, { environment, boot: parts.boot, now }, whole));
  await tellTurn(parts, environment, written);
  await noteVotes(play, before, taken);
  for (const one of written.begun) {
    const outcome = await carryOut(parts, one);
    play.results.push({ when: one.task.message.event, action: actionInWords(one.task.action, target), ...outcome });
  }
  if (taken.event === "raised" || taken.event === "still") await noteDenied(play, taken);
  return taken.state;
}

/** A vote is proven by reading it back, and so is that it is gone. */
async function noteVotes({ parts, asked, rule, results }: Play, before: AlertState | null, taken: Turn): Promise<void> {
  const { environment, target } = asked;
  const voter = voterOf(rule.name, target, true);
  const had = before?.raised?.votes ?? [];
  const isThere = async (group: string) =>
    (await votesFor(parts.store, environment, group)).find((one) => one.voter === voter)?.vote ?? null;
  for (const vote of taken.votes.filter(({ group }) => !had.some((one) => one.group === group))) {
    const seen = await isThere(vote.group);
    const good = seen === vote.vote;
    const outcome = good ? ("done" as const) : ("failed" as const);
    results.push({
      when: "raised",
      action: actionInWords(vote),
      outcome,
      why: good ? "cast and read back" : "it is not there",
    });
  }
  for (const vote of taken.takenBack) {
    const gone = (await isThere(vote.group)) === null;
    const outcome = gone ? ("done" as const) : ("failed" as const);
    results.push({
      when: "resolved",
      action: `${actionInWords(vote)}: taken back`,
      outcome,
      why: gone ? null : "it still stands",
    });
  }
}

/** What the engine did not even begin, because a lock denies it. */
async function noteDenied({ parts, asked, rule, locked, results }: Play, { state }: Turn): Promise<void> {
  if (locked === null || state.raised === null) return;
  const { environment, target } = asked;
  for (const { action } of allPlanned(rule)) {
    if (action.kind !== "vote" && action.kind !== "run") continue;
    const told = { when: "raised", action: actionInWords(action, target), outcome: "denied" as const, why: locked };
    if (results.some((one) => one.action === told.action && one.outcome === "denied")) continue;
    results.push(told);
    await recordAction(parts, { environment, alert: rule.name, target }, action, told, true);
  }
}
