/** One round over all alerts of an environment: everything that is watched or was takes its turn. Pure. */
import { actionInWords } from "./action.ts";
import { type AlertState, type Around, dismiss, takeTurn, type Turn } from "./engine.ts";
import { type About, messageOf, sentence } from "./message.ts";
import type { AlertRule } from "./rule.ts";
import type { Sample } from "./sample.ts";
import type { AlertTask } from "./task.ts";

export interface Known {
  alert: string;
  target: string;
  state: AlertState;
}

/** By target; null where nothing is to be judged now. */
export type Samples = ReadonlyMap<string, Sample | null>;

export interface Taken extends Known {
  /** Null: the file has no such alert any longer. */
  rule: AlertRule | null;
  before: AlertState | null;
  turn: Turn;
  /** Nobody watches it from now on. */
  gone: boolean;
}

/** Of an alert: what is watched now; null when nobody can tell, then it is what was watched before. */
type SamplesOf = (rule: AlertRule) => Samples | null;

export function takeRound(
  rules: readonly AlertRule[],
  known: readonly Known[],
  samplesOf: SamplesOf,
  aroundOf: (rule: AlertRule) => Around,
): Taken[] {
  const ended = known.filter(({ alert }) => !rules.some(({ name }) => name === alert)).map((one) => forget(null, one));
  const turns = rules.flatMap((rule) => {
    const mine = new Map(known.filter(({ alert }) => alert === rule.name).map((one) => [one.target, one]));
    const samples = samplesOf(rule);
    const targets = samples ? [...samples.keys()] : [...mine.keys()];
    const lost = [...mine.values()].filter(({ target }) => !targets.includes(target));
    const taken = targets.flatMap((target): Taken[] => {
      const before = mine.get(target)?.state ?? null;
      const turn = takeTurn(rule, before, samples?.get(target) ?? null, aroundOf(rule));
      return turn ? [{ alert: rule.name, target, state: turn.state, rule, before, turn, gone: false }] : [];
    });
    return [...taken, ...lost.map((one) => forget(rule, one))];
  });
  return [...ended, ...turns];
}

function forget(rule: AlertRule | null, { alert, target, state }: Known): Taken {
  const turn = dismiss(state);
  return { alert, target, state: turn.state, rule, before: state, turn, gone: true };
}

/** One line of the alert's history. */
export interface Entry {
  event: "raised" | "resolved" | "vote" | "action";
  says: string;
  /** Of an action: what is to be done. Everything else has happened by then. */
  task: AlertTask | null;
}

/** What a turn brought, in the order in which it is told. */
export function entriesOf(taken: Taken, environment: string, at: number): Entry[] {
  const { alert, target, rule, state, turn, gone } = taken;
  const happened = turn.event === "raised" || turn.event === "resolved" ? [turn.event] : [];
  const made = state.sample.synthetic ? "SYNTHETIC: " : "";
  const votes = votesIn(taken).map(
    (says): Entry => ({ event: "vote", says: `${made}${says}, for ${target}`, task: null }),
  );
  if (gone || !rule) {
    const why = rule ? "it is no longer in service" : "the environment file has no such alert any longer";
    const says = `alert "${alert}" of ${environment}, ${target}: ended, ${why}`;
    return [...happened.map((event): Entry => ({ event, says, task: null })), ...votes];
  }
  const raisedAt = turn.raisedAt ?? at;
  const about: About = { environment, rule, target, sample: state.sample, raisedAt, at };
  const actions = turn.due.map(({ action, key, turn: times, why }): Entry => {
    const id = `${environment}/${alert}/${target}/${raisedAt}/${key.replace(" ", "-")}/${times}`;
    const task = { action, message: messageOf(about, id, why) };
    return { event: "action", says: `${actionInWords(action, target)} (${why})`, task };
  });
  return [
    ...happened.map((event): Entry => ({ event, says: sentence(about, event), task: null })),
    ...votes,
    ...actions,
  ];
}

/** Votes that stand are renewed at each look; only a change is worth a line. */
function votesIn({ before, turn }: Taken): string[] {
  const had = before?.raised?.votes ?? [];
  const fresh = turn.votes.filter((vote) => !had.some((one) => one.group === vote.group && one.vote === vote.vote));
  return [
    ...fresh.map((vote) => actionInWords(vote)),
    ...turn.takenBack.map((vote) => `${actionInWords(vote)}: taken back`),
  ];
}
