/** A gate: the run shows its evidence, waits for a person or the deadline, and keeps waiting after a restart. */
import type { Clock } from "../model/clock.ts";
import { Problem } from "../model/problem.ts";
import { type GateEvidence, type GateRecord, type Journal, type JournalEntry, problemData } from "../model/upgrade.ts";
import type { GateInput } from "../steps/gate.ts";
import { gateInput } from "../steps/gate.ts";
import { answerGate, askGate, askGateAgain, findGate } from "../store/gates.ts";
import { hotFixesOf } from "../store/hot-fixes.ts";
import type { Db, Store } from "../store/store.ts";
import { stepsOfFix } from "./fixes.ts";
import type { Outcome } from "./interpret.ts";
import type { PlannedStep } from "./layout.ts";
import { steady } from "./steady.ts";
import { aborted } from "./step-runner.ts";
import { WayBackWanted } from "./way-back.ts";

export interface GateParts {
  store: Store;
  upgrade: string;
  planHash: string;
  /** The upgrade was started with --yes. */
  yes: boolean;
  journal: Journal;
  clock: Clock;
  wayBackAsked: AbortSignal;
  /** Aborted when somebody told it to start nothing more. */
  halted: AbortSignal;
  stopping: AbortSignal;
  atGate(): Promise<void>;
  /** Runs one step of a hot-fix. */
  apply(step: PlannedStep): Promise<Outcome>;
}

const LOOK_EVERY_MS = 500;

/** The question and its deadline are rows: whoever runs the upgrade after a crash waits on for the same answer. */
export async function askAtGate(parts: GateParts, step: PlannedStep): Promise<Outcome> {
  const begin = await parts.journal.begin(step, "apply");
  if (begin.kind === "done-before") return passed;
  if (begin.kind === "way-back-asked") return failed(new WayBackWanted(begin.reason, begin.lossAccepted), begin.begun);
  if (begin.kind === "aborted") return { ...failed(aborted(begin), begin.begun), needsPerson: true };
  if (begin.kind === "paused") throw new Error("a paused journal waits before it answers");
  const answered = await waitForAnswer(parts, step);
  if (parts.stopping.aborted) return new Promise<never>(() => {});
  const problem = objectionIn(answered, parts);
  await parts.journal.end(begin.sequence, {
    result: problem ? "failed" : "done",
    acted: false,
    foundDone: false,
    evidence: answered?.answeredBy ? { answer: answered.answer ?? "", by: answered.answeredBy } : null,
    problem: problem && problemData(problem),
  });
  if (!problem) return passed;
  return { ...failed(problem, true), needsPerson: parts.halted.aborted && !parts.wayBackAsked.aborted };
}

const passed: Outcome = { ok: true, begun: true, acted: false, problem: null };

const failed = (problem: Problem, begun: boolean): Outcome => ({
  ok: false,
  begun,
  acted: false,
  lossAccepted: problem instanceof WayBackWanted && problem.lossAccepted,
  problem: problemData(problem),
});

/** Null: the wait was cut short. */
async function waitForAnswer(parts: GateParts, step: PlannedStep): Promise<GateRecord | null> {
  const { store, upgrade, planHash, clock } = parts;
  const input = gateInput.parse(step.input);
  const { gate, question, deadlineMs, atDeadline } = input;
  const call = <T>(work: () => Promise<T>): Promise<T> => steady(clock, parts.stopping, work);
  const askedAt = clock.now();
  const evidence = evidenceFor(input, await parts.journal.entries());
  const asked = { upgrade, gate, question, planHash, askedAt, deadlineAt: askedAt + deadlineMs, atDeadline, evidence };
  await call(() => askGate(store, asked));
  if (parts.yes && input.answeredByYes)
    await call(() => answerGate(store, upgrade, gate, planHash, { answer: "approved", by: "--yes", at: askedAt }));
  else await parts.atGate();
  const cut = AbortSignal.any([parts.wayBackAsked, parts.halted, parts.stopping]);
  while (!cut.aborted) {
    const record = await call(() => findGate(store, upgrade, gate));
    if (record?.answer === "fix") {
      await mend(parts, input);
      continue;
    }
    if (!record || record.answer) return record;
    const leftMs = record.deadlineAt - clock.now();
    if (leftMs < 0) {
      const answer = record.atDeadline === "go-on" ? "approved" : "expired";
      await call(() => answerGate(store, upgrade, gate, planHash, { answer, by: "deadline", at: record.deadlineAt }));
    } else await clock.sleep(Math.min(LOOK_EVERY_MS, leftMs + 1), cut).catch(() => {});
  }
  return null;
}

/** Runs the newest hot-fix, then asks again; one that did not hold keeps the gate shut until another does. */
async function mend(parts: GateParts, input: GateInput): Promise<void> {
  const { store, upgrade, clock } = parts;
  const call = <T>(work: () => Promise<T>): Promise<T> => steady(clock, parts.stopping, work);
  const fix = (await call(() => hotFixesOf(store, upgrade))).findLast(({ gate }) => gate === input.gate);
  let blocked: string | null = null;
  for (const step of fix ? stepsOfFix(input, fix) : []) {
    const { problem } = await parts.apply(step);
    if (!problem) continue;
    blocked = `${problem.what}: ${problem.why}`;
    break;
  }
  if (parts.stopping.aborted) return;
  const askedAt = clock.now();
  const evidence = evidenceFor(input, await parts.journal.entries());
  const again = { askedAt, deadlineAt: askedAt + input.deadlineMs, evidence, blocked };
  await call(() => askGateAgain(store, upgrade, input.gate, again));
  await parts.atGate();
}

/** The last facts of each step that the gate names, in the order in which they were found. */
function evidenceFor({ evidenceOf }: GateInput, entries: readonly JournalEntry[]): GateEvidence[] {
  const last = new Map<string, GateEvidence>();
  for (const { step, says, direction, result, evidence } of entries) {
    if (direction !== "apply" || result !== "done" || !evidence || !evidenceOf.includes(step)) continue;
    last.delete(says);
    last.set(says, { says, facts: evidence });
  }
  return [...last.values()];
}

function objectionIn(answered: GateRecord | null, { wayBackAsked, halted }: GateParts): Problem | null {
  if (!answered) return (wayBackAsked.aborted ? wayBackAsked.reason : halted.reason) as Problem;
  if (answered.answer === "approved") return null;
  const next = "changeover report";
  if (answered.answer === "denied") {
    return new Problem("refused", {
      what: `gate "${answered.gate}" was denied`,
      why: `by ${answered.answeredBy}`,
      next,
    });
  }
  const seconds = (answered.deadlineAt - answered.askedAt) / 1000;
  return new Problem("timed-out", {
    what: `nobody answered gate "${answered.gate}"`,
    why: `its deadline was ${seconds} s`,
    next,
  });
}

/** Such a gate does not ask whether to go on: to want back instead has a price, and is a request of its own. */
const cantDeny = (upgrade: string, gate: string): Problem =>
  new Problem("refused", {
    what: `gate "${gate}" can't be denied`,
    why: "it does not ask whether to go on; a way back is asked for by itself, and says its price first",
    next: `changeover rollback ${upgrade}; or leave the gate to its deadline`,
  });

/** Approves or denies; says exactly why when it can't. */
export async function answer(
  store: Db,
  clock: Clock,
  asked: { upgrade: string; gate: string; by: string; planHash: string; answer: "approved" | "denied" | "fix" },
): Promise<void> {
  const { upgrade, gate, by, planHash } = asked;
  const goesOn = asked.answer === "denied" && (await findGate(store, upgrade, gate))?.atDeadline === "go-on";
  if (goesOn) throw cantDeny(upgrade, gate);
  if (await answerGate(store, upgrade, gate, planHash, { answer: asked.answer, by, at: clock.now() })) return;
  throw cantAnswer(asked, await findGate(store, upgrade, gate));
}

function cantAnswer(asked: { upgrade: string; gate: string; planHash: string }, record: GateRecord | null): Problem {
  const { upgrade, gate, planHash } = asked;
  const next = `changeover status, then: changeover approve ${upgrade}`;
  const what = `gate "${gate}" of "${upgrade}" can't be answered`;
  if (!record) return new Problem("not-found", { what, why: "it was not asked yet", next });
  if (record.answer === "fix") return new Problem("refused", { what, why: "a hot-fix is on its way", next });
  if (record.answer)
    return new Problem("refused", { what, why: `it was ${record.answer} by ${record.answeredBy}`, next });
  if (record.planHash !== planHash) {
    return new Problem("refused", { what, why: `it asks about plan ${record.planHash}, not ${planHash}`, next });
  }
  if (record.blocked !== null) {
    return new Problem("refused", {
      what: `gate "${gate}" of "${upgrade}" can't be approved`,
      why: record.blocked,
      next: `changeover fix ${upgrade} --script FILE, or: changeover deny ${upgrade}`,
    });
  }
  return new Problem("refused", { what, why: "its deadline is over", next });
}
