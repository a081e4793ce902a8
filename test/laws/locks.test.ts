/** The lock matrix against the rules as a person would tell them: every verb in every state, whoever asks; and every route. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createApp } from "../../src/api/app.ts";
import { routeVerbs } from "../../src/api/route-verbs.ts";
import type { Lock } from "../../src/model/lock.ts";
import { type LockState, mayDo, runs } from "../../src/model/locks/matrix.ts";
import { type Asker, askers, type Verb, verbs } from "../../src/model/locks/verbs.ts";
import type { ControlPlane } from "../../src/run/control-plane.ts";
import { rule } from "../../src/run/locks.ts";

/** The rules once more, in other words: lists of verbs instead of natures. */
const said = {
  /** A lock keeps none of these from anybody. */
  pastLocks: [
    ...["backup-take", "backup-verify", "rehearse", "clone"],
    ...["approve", "deny", "fix", "pause", "resume", "abort", "rollback", "cut-sessions", "cancel-rehearsal"],
    ...["alert-vote", "alert-notify", "alert-pause", "alert-quench"],
    ...["lock", "unlock", "lock-server", "unlock-server"],
  ],
  /** A run in flight keeps none of these from anybody. */
  besideRuns: [
    ...["approve", "deny", "fix", "pause", "resume", "abort", "rollback", "cut-sessions", "cancel-rehearsal"],
    ...["alert-vote", "alert-notify", "alert-pause", "alert-quench", "lock", "unlock", "unlock-server"],
    "credential-set",
  ],
  /** These are only written down, or are about a server that is left as it is: a backup does not mind. */
  besideCopies: [
    ...["lock-server", "credential-remove", "inputs-edit", "inputs-revert", "inputs-promote", "template-change"],
    ...["group-enable", "group-disable", "group-resize", "server-clone"],
  ],
  /** A locked server has no say in these: they leave every server that there is as it is. */
  pastServerLocks: [
    ...["up", "credential-set", "credential-remove", "change", "server-launch", "server-clone"],
    ...["group-enable", "group-disable", "group-resize", "group-launch", "group-grow"],
  ],
  /** These are about the whole, so a lock on any one server stops them. */
  ofAllServers: ["down", "upgrade", "restore", "copy-into"],
  onlyAlerts: ["alert-script", "alert-notify", "alert-pause"],
  alertsAndPeople: ["alert-vote"],
  onlyPeople: [
    ...["approve", "deny", "fix", "pause", "resume", "abort", "rollback", "cut-sessions", "cancel-rehearsal"],
    ...["alert-quench", "lock", "unlock", "lock-server", "unlock-server"],
  ],
};

const has = (list: string[], verb: string) => list.includes(verb);

function mayAsk(verb: Verb, asker: Asker): boolean {
  if (has(said.onlyAlerts, verb)) return asker === "alert";
  if (has(said.alertsAndPeople, verb)) return asker !== "schedule" && asker !== "upgrade";
  return !has(said.onlyPeople, verb) || asker === "person";
}

function expected(verb: Verb, { environment, server, run }: LockState, asker: Asker): boolean {
  if (!mayAsk(verb, asker)) return false;
  // The run in flight holds the key; one that is stuck or not there does nothing.
  if (asker === "upgrade") return run === "copies" || run === "changes";
  if (environment && !has(said.pastLocks, verb)) return false;
  if (server && !has(said.pastLocks, verb) && !has(said.pastServerLocks, verb)) return false;
  if (run === "none" || has(said.besideRuns, verb)) return true;
  if (verb === "down") return run === "stuck";
  return run === "copies" && has(said.besideCopies, verb);
}

const all = Object.keys(verbs) as Verb[];
const both = [false, true];
const states: LockState[] = both.flatMap((environment) =>
  both.flatMap((server) => runs.map((run) => ({ environment, server, run }))),
);

test("every verb in every state, whoever asks, is allowed and denied as the rules say", () => {
  const wrong: string[] = [];
  for (const verb of all)
    for (const state of states)
      for (const asker of askers) {
        const { allowed } = mayDo(verb, state, asker);
        if (allowed === expected(verb, state, asker)) continue;
        wrong.push(`${asker}: ${verb} in ${JSON.stringify(state)} is ${allowed ? "allowed" : "denied"}`);
      }
  expect(wrong).toEqual([]);
});

describe("whatever the list of verbs will be", () => {
  const anything = fc.record({
    verb: fc.constantFrom(...all),
    asker: fc.constantFrom(...askers.filter((asker) => asker !== "upgrade")),
    state: fc.constantFrom(...states),
  });

  test("one more lock, or a run that begins, never allows what was denied before", () => {
    fc.assert(
      fc.property(anything, ({ verb, asker, state }) => {
        const before = mayDo(verb, { ...state, run: "none" }, asker).allowed;
        for (const more of [{ environment: true }, { server: true }, { run: "changes" as const }]) {
          const after = mayDo(verb, { ...state, run: "none", ...more }, asker).allowed;
          expect(!after || before, `${verb} by ${asker} with ${JSON.stringify(more)}`).toBe(true);
        }
      }),
    );
  });

  test("an environment's lock denies whatever a lock on one of its servers denies", () => {
    fc.assert(
      fc.property(anything, ({ verb, asker, state }) => {
        const onServer = mayDo(verb, { ...state, environment: false, server: true }, asker);
        if (onServer.allowed) return;
        expect(mayDo(verb, { ...state, environment: true, server: false }, asker).allowed).toBe(false);
      }),
    );
  });

  test("what denies has a reason, and an alert gets nothing that a person would not get", () => {
    fc.assert(
      fc.property(anything, ({ verb, state }) => {
        const ruling = mayDo(verb, state, "alert");
        if (!ruling.allowed) expect(ruling.why).not.toBe("");
        else if (verbs[verb].askers.includes("person")) expect(mayDo(verb, state, "person").allowed).toBe(true);
      }),
    );
  });
});

test("a server's lock counts for what touches that server, and for nothing else", () => {
  const names = ["app-1", "app-2", "lb-1", "db-1"];
  const some = fc.subarray(names);
  fc.assert(
    fc.property(fc.constantFrom(...all), some, some, (verb, locked, servers) => {
      const locks: Lock[] = locked.map((server) => ({ environment: "e", server, reason: "r", by: "anna", at: 1 }));
      const { allowed } = rule({ locks, run: null, inFlight: "none" }, { verb, servers });
      const free = mayDo(verb, { environment: false, server: false, run: "none" }, "person").allowed;
      const touched = has(said.ofAllServers, verb) ? locked : servers.filter((name) => locked.includes(name));
      const stays = touched.length === 0 || has(said.pastLocks, verb) || has(said.pastServerLocks, verb);
      expect([verb, locked, servers, allowed]).toEqual([verb, locked, servers, free && stays]);
    }),
  );
});

test("every route that changes something is a verb of the matrix, and every verb named there is a route", () => {
  const controlPlane = { locks: { mustBeAllowed: async () => {} } } as unknown as ControlPlane;
  const app = createApp({
    controlPlane,
    activity: { record: async () => {}, read: async () => [] },
    health: () => Promise.reject(new Error("nobody asks")),
    redact: (text) => text,
    changed: async () => {},
    shutDown: async () => {},
  });
  const reading = ["GET", "HEAD", "OPTIONS"];
  const changing = app.routes
    // Those without a method of their own stand before every route.
    .filter(({ method }) => method !== "ALL" && !reading.includes(method))
    .map(({ method, path }) => `${method} ${path}`);
  expect(changing.length).toBeGreaterThan(20);
  expect(
    changing.filter((route) => !(route in routeVerbs)),
    "routes without a verb in src/api/route-verbs.ts",
  ).toEqual([]);
  expect(
    Object.keys(routeVerbs).filter((route) => !changing.includes(route)),
    "verbs without a route",
  ).toEqual([]);
});
