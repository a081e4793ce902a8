/** A gate: the run asks, waits for a person or the deadline, and keeps waiting after a restart. */
import type { Clock } from "../model/clock.ts";
import { Problem } from "../model/problem.ts";
import { type GateRecord, type Journal, problemData } from "../model/upgrade.ts";
import { answerGate, askGate, findGate } from "../store/gates.ts";
import type { Store } from "../store/store.ts";
import type { Outcome } from "./interpret.ts";
import { gateInput, type PlannedStep } from "./layout.ts";
import { steady } from "./steady.ts";
import { wayBackWanted } from "./step-runner.ts";

export interface GateParts {
  store: Store;
  upgrade: string;
  planHash: string;
  /** The upgrade was started with --yes. */
  yes: boolean;
  journal: Journal;
  clock: Clock;
  wayBackAsked: AbortSignal;
  stopping: AbortSignal;
  atGate(): Promise<void>;
}

const LOOK_EVERY_MS = 500;

/** The question and its deadline are rows: whoever runs the upgrade after a crash waits on for the same answer. */
export async function askAtGate(parts: GateParts, step: PlannedStep): Promise<Outcome> {
  const begin = await parts.journal.begin(step, "apply");
  if (begin.kind === "done-before") return { ok: true, begun: true, acted: false, problem: null };
  if (begin.kind === "way-back-asked") return failed(wayBackWanted(begin.reason), begin.begun);
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
  return problem ? failed(problem, true) : { ok: true, begun: true, acted: false, problem: null };
}

const failed = (problem: Problem, begun: boolean): Outcome => ({
  ok: false,
  begun,
  acted: false,
  problem: problemData(problem),
});

/** Null: the wait was cut short. */
async function waitForAnswer(parts: GateParts, step: PlannedStep): Promise<GateRecord | null> {
  const { store, upgrade, planHash, clock } = parts;
  const { gate, question, deadlineMs } = gateInput.parse(step.input);
  const call = <T>(work: () => Promise<T>): Promise<T> => steady(clock, parts.stopping, work);
  const askedAt = clock.now();
  await call(() => askGate(store, { upgrade, gate, question, planHash, askedAt, deadlineAt: askedAt + deadlineMs }));
  if (parts.yes)
    await call(() => answerGate(store, upgrade, gate, planHash, { answer: "approved", by: "--yes", at: askedAt }));
  else await parts.atGate();
  const cut = AbortSignal.any([parts.wayBackAsked, parts.stopping]);
  while (!cut.aborted) {
    const record = await call(() => findGate(store, upgrade, gate));
    if (!record || record.answer) return record;
    const leftMs = record.deadlineAt - clock.now();
    if (leftMs < 0)
      await call(() =>
        answerGate(store, upgrade, gate, planHash, { answer: "expired", by: "deadline", at: clock.now() }),
      );
    else await clock.sleep(Math.min(LOOK_EVERY_MS, leftMs + 1), cut).catch(() => {});
  }
  return null;
}

function objectionIn(answered: GateRecord | null, { wayBackAsked }: GateParts): Problem | null {
  if (!answered) return wayBackAsked.reason as Problem;
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

/** Approves or denies; says exactly why when it can't. */
export async function answer(
  store: Store,
  clock: Clock,
  asked: { upgrade: string; gate: string; by: string; planHash: string; answer: "approved" | "denied" },
): Promise<void> {
  const { upgrade, gate, by, planHash } = asked;
  if (await answerGate(store, upgrade, gate, planHash, { answer: asked.answer, by, at: clock.now() })) return;
  const record = await findGate(store, upgrade, gate);
  const next = `changeover status, then: changeover approve ${upgrade}`;
  const what = `gate "${gate}" of "${upgrade}" can't be answered`;
  if (!record) throw new Problem("not-found", { what, why: "it was not asked yet", next });
  if (record.answer)
    throw new Problem("refused", { what, why: `it was ${record.answer} by ${record.answeredBy}`, next });
  if (record.planHash !== planHash) {
    throw new Problem("refused", { what, why: `it asks about plan ${record.planHash}, not ${planHash}`, next });
  }
  throw new Problem("refused", { what, why: "its deadline is over", next });
}
