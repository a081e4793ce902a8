/** Each situation of a rehearsal has one next move, and every road ends with the clone taken down. */
import { expect, test } from "vitest";
import { cloneNameOf, type Rehearsal, type RehearsalState } from "../../src/model/rehearsal.ts";
import type { UpgradeState } from "../../src/model/upgrade.ts";
import { type CloneUpgrade, nextMove } from "../../src/run/rehearsal-move.ts";

const failure = { kind: "step-failed", what: "it broke", why: "told so", next: "-" } as const;

const rehearsal = (state: RehearsalState, more: Partial<Rehearsal> = {}): Rehearsal => ({
  id: "r-1",
  environment: "live",
  clone: "live-rehearsal",
  to: "2",
  strategy: "major",
  failAt: null,
  state,
  askedBy: "someone",
  createdAt: 0,
  endedAt: null,
  cancelledBy: null,
  problem: null,
  result: null,
  ...more,
});
const upgrade = (state: UpgradeState, more: Partial<CloneUpgrade> = {}): CloneUpgrade => ({
  id: "u-1",
  state,
  round: 1,
  wayBackAsked: false,
  failure: null,
  ...more,
});
const down = (problem: unknown) => ({ act: "go-on", to: "taking-down", problem });
const cancelled = { cancelledBy: "someone" };

test("all goes well: the clone comes, is upgraded, and goes", () => {
  expect(nextMove(rehearsal("bringing-up"), null)).toEqual({ act: "make-clone" });
  expect(nextMove(rehearsal("bringing-up"), upgrade("running"))).toEqual({ act: "wait" });
  expect(nextMove(rehearsal("bringing-up"), upgrade("upgraded"))).toEqual({
    act: "go-on",
    to: "upgrading",
    problem: null,
  });
  expect(nextMove(rehearsal("upgrading"), null)).toEqual({ act: "start-upgrade" });
  expect(nextMove(rehearsal("upgrading"), upgrade("at-gate"))).toEqual({ act: "pass-gate" });
  expect(nextMove(rehearsal("upgrading"), upgrade("upgraded"))).toEqual(down(null));
  expect(nextMove(rehearsal("taking-down"), upgrade("upgraded"))).toEqual({ act: "take-down" });
});

test("what fails says why, and the clone goes", () => {
  for (const state of ["bringing-up", "upgrading"] as const) {
    expect(nextMove(rehearsal(state), upgrade("rolled-back", { failure }))).toEqual(down(failure));
  }
  expect(nextMove(rehearsal("upgrading"), upgrade("stuck", { failure }))).toEqual(down(failure));
  expect(nextMove(rehearsal("upgrading", { failAt: "migrate" }), upgrade("rolled-back", { failure }))).toEqual(
    down(null),
  );
  expect(nextMove(rehearsal("upgrading", { failAt: "migrate" }), upgrade("upgraded"))).toMatchObject(
    down({ what: expect.stringContaining("did not") }),
  );
});

test("a clone that is stuck half way may hold a lent replica: its way back is taken, but not for ever", () => {
  expect(nextMove(rehearsal("bringing-up"), upgrade("stuck", { failure }))).toEqual({ act: "turn-back" });
  expect(nextMove(rehearsal("bringing-up"), upgrade("stuck", { round: 3, failure }))).toEqual(down(failure));
});

test("cancelled, nothing new begins: what runs goes back, then the clone goes, and the reason is the person", () => {
  const reason = down(expect.objectContaining({ what: "the rehearsal was cancelled", why: "by someone" }));
  for (const state of ["bringing-up", "upgrading"] as const) {
    expect(nextMove(rehearsal(state, cancelled), null)).toEqual(reason);
    expect(nextMove(rehearsal(state, cancelled), upgrade("running"))).toEqual({ act: "turn-back" });
    expect(nextMove(rehearsal(state, cancelled), upgrade("running", { wayBackAsked: true }))).toEqual({ act: "wait" });
    for (const end of ["rolled-back", "upgraded"] as const)
      expect(nextMove(rehearsal(state, cancelled), upgrade(end, { failure }))).toEqual(reason);
  }
});

test("the clone's name fits wherever an environment's name does, and is never the original's", () => {
  for (const name of ["live", "a".repeat(31), "shop-rehearsal"]) {
    expect(cloneNameOf(name)).toMatch(/^[a-z][a-z0-9-]{0,30}$/);
    expect(cloneNameOf(name)).not.toBe(name);
  }
});
