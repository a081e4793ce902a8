/** What people see of an environment's alerts: each with what it watches, its value, since when, and what comes next. Pure. */
import { actionInWords } from "../model/alerts/action.ts";
import { type AlertState, nextDue } from "../model/alerts/engine.ts";
import type { AlertRule } from "../model/alerts/rule.ts";
import { conditionInWords, valueInWords } from "../model/alerts/sample.ts";
import type { Outcome } from "../model/alerts/task.ts";
import { oneLine } from "./ladder.ts";

export interface AlertTargetView {
  target: string;
  state: "ok" | "pending" | "raised";
  /** Since when it is wrong, or raised; null while it is ok. */
  since: number | null;
  /** Null: it can't be told. */
  value: number | null;
  /** The value in words. */
  says: string;
  /** When it was measured. */
  at: number;
  /** What comes next as long as it stays so; in the past when it is held back. */
  next: { at: number; action: string } | null;
  votes: string[];
}

export interface AlertView {
  alert: string;
  condition: string;
  quenched: { until: number; by: string; reason: string } | null;
  targets: AlertTargetView[];
}

export interface AlertsView {
  environment: string;
  /** Why votes and scripts are denied; null while they are not. */
  locked: string | null;
  alerts: AlertView[];
}

export interface AlertEventView {
  at: number;
  alert: string;
  target: string;
  event: string;
  says: string;
  synthetic: boolean;
  outcome: Outcome["outcome"] | null;
  why: string | null;
}

export interface AlertDetails extends AlertView {
  environment: string;
  locked: string | null;
  rule: AlertRule;
  /** Newest first. */
  events: AlertEventView[];
}

export interface AlertFacts {
  environment: string;
  rules: readonly AlertRule[];
  known: readonly { alert: string; target: string; state: AlertState }[];
  quenches: readonly { alert: string; until: number; by: string; reason: string }[];
  locked: string | null;
  now: number;
}

export function viewAlerts({ environment, rules, known, quenches, locked, now }: AlertFacts): AlertsView {
  const alerts = rules.map((rule): AlertView => {
    const quench = quenches.find(({ alert }) => alert === rule.name);
    return {
      alert: rule.name,
      condition: conditionInWords(rule.when),
      quenched: quench ? { until: quench.until, by: quench.by, reason: quench.reason } : null,
      targets: known
        .filter(({ alert }) => alert === rule.name)
        .map(({ target, state }) => viewTarget(rule, target, state, now)),
    };
  });
  return { environment, locked, alerts };
}

function viewTarget(rule: AlertRule, target: string, state: AlertState, now: number): AlertTargetView {
  const { sample, raised, pendingSince } = state;
  const next = nextDue(rule, state, now);
  return {
    target,
    state: raised ? "raised" : pendingSince !== null ? "pending" : "ok",
    since: raised?.at ?? pendingSince,
    value: sample.value,
    says: valueInWords(rule.when.metric, sample),
    at: sample.at,
    next: next && { at: next.at, action: actionInWords(next.planned.action, target) },
    votes: (raised?.votes ?? []).map((vote) => actionInWords(vote)),
  };
}

export function drawAlerts({ environment, locked, alerts }: AlertsView): string[] {
  const raised = alerts.flatMap(({ targets }) => targets).filter(({ state }) => state === "raised").length;
  const many = alerts.length === 1 ? "1 alert" : `${alerts.length} alerts`;
  if (alerts.length === 0) return [`${environment}: its file has no alerts (docs/operate/alerts.md)`];
  return [
    `${environment}: ${many}, ${raised === 0 ? "nothing is raised" : `${raised} raised`}`,
    ...(locked === null ? [] : [`  votes and scripts are denied: ${locked}`]),
    ...alerts.flatMap(drawAlert),
  ];
}

function drawAlert({ alert, condition, quenched, targets }: AlertView): string[] {
  const quiet = quenched
    ? ` · quenched until ${time(quenched.until)} by ${quenched.by}${because(quenched.reason)}`
    : "";
  const head = `  ${alert}: ${condition}${quiet}`;
  if (targets.length === 0) return [head, "    nothing was looked at yet"];
  return [head, ...targets.map((one) => `    ${drawTarget(one, quenched !== null)}`)];
}

const MARK = { ok: "✓", pending: "!", raised: "✗" } as const;

function drawTarget({ target, state, since, says, next, votes }: AlertTargetView, quiet: boolean): string {
  const told = state === "ok" ? "" : ` · ${state === "raised" ? "RAISED" : "wrong"} since ${time(since ?? 0)}`;
  const standing = votes.length > 0 ? ` · ${votes.join(", ")}` : "";
  const coming = next && !quiet ? ` · next: ${next.action} ${time(next.at)}` : "";
  return `${MARK[state]} ${target.padEnd(12)} ${oneLine(says)}${told}${standing}${coming}`;
}

/** For `changeover status`: only what is raised. */
export const drawRaised = ({ environment, alerts }: AlertsView): string[] => {
  const raised = alerts.flatMap(({ alert, targets }) =>
    targets
      .filter(({ state }) => state === "raised")
      .map(({ target, says, since }) => `  ✗ alert ${alert}, ${target}: ${oneLine(says)}, raised ${time(since ?? 0)}`),
  );
  return raised.length === 0 ? [] : ["Alerts:", ...raised, `  changeover alert list ${environment}`];
};

export function drawAlertDetails(view: AlertDetails): string[] {
  const { rule, events, locked } = view;
  return [
    ...(locked === null ? [] : [`votes and scripts are denied: ${locked}`]),
    ...drawAlert(view).map((line) => line.slice(2)),
    ...(rule.do.length + rule.escalate.length === 0 ? ["  does nothing but show itself"] : []),
    "",
    events.length === 0 ? "Nothing happened yet." : "What happened, newest first:",
    ...events.map((event) => `  ${drawEvent(event)}`),
  ];
}

function drawEvent({ at, target, event, says, synthetic, outcome, why }: AlertEventView): string {
  if (event !== "action") return `${time(at)} ${says}`;
  const made = synthetic ? "SYNTHETIC: " : "";
  const ended = outcome === null ? "under way" : ENDED[outcome];
  return `${time(at)} ${made}${says}, ${target}: ${ended}${because(why ?? "")}`;
}

const ENDED: Record<Outcome["outcome"], string> = {
  ...{ done: "done", failed: "FAILED", denied: "DENIED" },
  nothing: "nothing to do",
};

export interface AlertTestView {
  environment: string;
  alert: string;
  target: string;
  /** Everything was done: what there was nothing to do to is told and is no failure. */
  proven: boolean;
  results: { when: string; action: string; outcome: Outcome["outcome"]; why: string | null }[];
}

const TEST_MARK: Record<Outcome["outcome"], string> = { done: "✓", failed: "✗", denied: "✗", nothing: "–" };

export function drawAlertTest({ environment, alert, target, proven, results }: AlertTestView): string[] {
  const lines = results.map(({ when, action, outcome, why }) => {
    const told = outcome === "nothing" ? "NOT PROVEN" : outcome;
    return `  ${TEST_MARK[outcome]} ${when.padEnd(24)} ${action}: ${told}${because(why ?? "")}`;
  });
  const end = proven ? "It was raised, did all of this, and was resolved." : "NOT everything was done.";
  return [`Synthetic alert "${alert}" of ${environment}, ${target}:`, ...lines, end];
}

const because = (why: string): string => (why === "" ? "" : `: ${oneLine(why)}`);

const time = (at: number): string => `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
