/** The laws of a scaling group: on any history of votes, failures, deaths and people it stays in its bounds, calm, and in hand. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { whyNotLaunch, whyNotTerminate } from "../../src/model/group/by-hand.ts";
import { boundsAt } from "../../src/model/group/bounds.ts";
import type { Resize } from "../../src/model/group/history.ts";
import {
  type GroupAction,
  type GroupFacts,
  type GroupMember,
  type GroupState,
  nextAction,
  pictureOf,
} from "../../src/model/group/life.ts";
import { type GroupSettings, groupShape, settingsOf } from "../../src/model/group/settings.ts";
import { countVotes } from "../../src/model/group/votes.ts";
import type { Vote } from "../../src/model/vote.ts";
import { z } from "zod";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** A Tuesday. */
const BEGIN = Date.UTC(2030, 0, 1, 8);
const TICK = 30 * SECOND;
/** From asking for servers until they serve, or until they are gone. */
const LASTS = 75 * SECOND;
const BY = "group burst";

const shape = z.strictObject({ name: z.string(), ...groupShape });
const settings = (more: Partial<z.input<typeof shape>> = {}): GroupSettings =>
  settingsOf(shape.parse({ name: "burst", size: 2, ...more }));

type Event =
  | { kind: "vote"; who: number; vote: "grow" | "shrink" | null }
  | { kind: "dies"; who: number }
  | { kind: "heals"; who: number }
  | { kind: "lock"; who: number; on: boolean }
  | { kind: "config"; how: "good" | "broken" | "strands" }
  | { kind: "upgrade" }
  | { kind: "people"; does: "enable" | "disable" | "launch" | "terminate"; who: number };

interface Run {
  does: Exclude<GroupAction, { act: "nothing" | "disable" }>;
  until: number;
  automatic: boolean;
}

interface Done {
  at: number;
  action: GroupAction;
  facts: GroupFacts;
}

/** The group, its servers and everybody around it, as small as it can be told. */
class TinyWorld {
  now = BEGIN;
  members: (GroupMember & { generation: number })[] = [];
  state: GroupState;
  votes: Vote[] = [];
  history: Resize[] = [];
  config: "good" | "broken" | "strands" = "good";
  run: Run | null = null;
  upgradeUntil = 0;
  generation = 0;
  done: Done[] = [];
  readonly settings: GroupSettings;
  #names = 0;

  constructor(wanted: GroupSettings, enabled: boolean) {
    this.settings = wanted;
    this.state = { enabled, by: null, since: null, reason: "", failuresFrom: null, min: null, max: null };
    for (let count = 0; count < wanted.size; count++) this.#add(null);
  }

  get facts(): GroupFacts {
    const { settings: wanted, state, votes, history, now } = this;
    const members = this.members.map(({ generation: _, ...member }) => member);
    const busy = this.run !== null || now < this.upgradeUntil;
    const hindrance = busy ? "an upgrade is under way" : null;
    const servers = ["app-1", "lb-1", ...members.map(({ name }) => name)];
    return { settings: wanted, state: { ...state }, members, servers, votes, history, hindrance, now };
  }

  happen(event: Event): void {
    const who = this.members[this.members.length === 0 ? 0 : ("who" in event ? event.who : 0) % this.members.length];
    if (event.kind === "config") this.config = event.how;
    if (event.kind === "upgrade") this.#upgrade();
    if (event.kind === "people") this.#people(event.does, who?.name ?? "", event.who);
    if (event.kind === "dies" && who) who.sickSince ??= this.now;
    if (event.kind === "heals" && who) who.sickSince = null;
    if (event.kind === "lock" && who) who.locked = event.on ? "ann" : null;
    if (event.kind === "vote")
      this.#vote(event.who % 5 === 4 ? "busy lb-1" : `busy ${who?.name ?? "app-1"}`, event.vote);
  }

  /** One look, as the control plane takes it every few seconds. */
  look(): void {
    const facts = this.facts;
    const action = nextAction(facts);
    if (action.act !== "nothing") this.done.push({ at: this.now, action, facts });
    if (action.act === "disable") this.#say(false, BY, action.because);
    if (action.act === "launch" || action.act === "terminate") this.#begin(action, true);
  }

  pass(ms: number): void {
    this.now += ms;
    if (this.run && this.run.until <= this.now) this.#end(this.run);
  }

  #vote(voter: string, vote: Vote["vote"] | null): void {
    this.votes = this.votes.filter((one) => one.voter !== voter);
    if (vote) this.votes.push({ environment: "shop", group: "burst", voter, vote, at: this.now });
  }

  #say(enabled: boolean, by: string, reason: string): void {
    const failuresFrom = enabled ? this.now : this.state.failuresFrom;
    this.state = { ...this.state, enabled, by, since: this.now, reason, failuresFrom };
  }

  #people(does: "enable" | "disable" | "launch" | "terminate", name: string, count: number): void {
    const seen = pictureOf(this.facts);
    if (does === "enable" || does === "disable") this.#say(does === "enable", "ann", "");
    if (does === "launch" && whyNotLaunch(seen, 1 + (count % 2)) === null)
      this.#begin({ act: "launch", servers: 1 + (count % 2), because: "by hand" }, false);
    if (does === "terminate" && name !== "" && whyNotTerminate(seen, [name]) === null)
      this.#begin({ act: "terminate", servers: [name], because: "by hand" }, false);
  }

  #begin(does: Run["does"], automatic: boolean): void {
    expect(this.run, "one change at a time").toBeNull();
    expect(this.now, "never beside an upgrade").toBeGreaterThanOrEqual(this.upgradeUntil);
    this.run = { does, until: this.now + LASTS, automatic };
  }

  #end({ does }: Run): void {
    this.run = null;
    const good = does.act === "terminate" || this.config !== "broken";
    const launched = does.act === "launch" ? does.servers : 0;
    const kind = does.act === "launch" ? "grow" : "shrink";
    this.history = [{ kind, at: this.now, good, launched } as const, ...this.history].slice(0, 50);
    if (does.act === "terminate") this.members = this.members.filter(({ name }) => !does.servers.includes(name));
    else if (good) for (let count = 0; count < launched; count++) this.#add(this.now);
  }

  #add(launchedAt: number | null): void {
    this.#names += 1;
    const sickSince = this.config === "strands" ? this.now : null;
    const { generation } = this;
    this.members.push({ name: `burst-${this.#names}`, launchedAt, sickSince, locked: null, generation });
  }

  /** As many new ones as there are old ones, in one go. */
  #upgrade(): void {
    if (this.run || this.now < this.upgradeUntil) return;
    this.upgradeUntil = this.now + 20 * MINUTE;
    this.generation += 1;
    const many = this.members.length;
    this.members = [];
    for (let count = 0; count < many; count++) this.#add(null);
  }
}

const number = fc.nat(9);
const events: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("vote" as const),
      who: number,
      vote: fc.constantFrom("grow" as const, "shrink" as const, null),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("dies" as const, "heals" as const), who: number }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("lock" as const), who: number, on: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("config" as const),
      how: fc.constantFrom("good" as const, "broken" as const, "broken" as const, "strands" as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("upgrade" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("people" as const),
      does: fc.constantFrom(
        "enable" as const,
        "enable" as const,
        "disable" as const,
        "launch" as const,
        "terminate" as const,
      ),
      who: number,
    }),
  },
);

const someSettings = fc
  .record({
    min: fc.nat(3),
    more: fc.nat(4),
    growBy: fc.integer({ min: 1, max: 4 }),
    shrinkBy: fc.integer({ min: 1, max: 3 }),
    calmSeconds: fc.constantFrom(0, 120, 900),
    thresholdPercent: fc.constantFrom(1, 51, 100),
    failuresMax: fc.integer({ min: 1, max: 3 }),
    night: fc.option(fc.record({ min: fc.nat(2), more: fc.nat(3), at: fc.constantFrom("08:30", "09:10", "11:00") })),
  })
  .map(({ min, more, night, ...rest }) =>
    settings({
      ...{ size: min, min, max: min + more, ...rest },
      schedule: night
        ? [{ days: ["tue"], at: night.at, zone: "UTC", min: night.min, max: night.min + night.more }]
        : [],
    }),
  );

const stories = fc.record({
  wanted: someSettings,
  enabled: fc.constantFrom(true, true, false),
  happenings: fc.array(fc.tuple(events, fc.integer({ min: 0, max: 40 })), { minLength: 5, maxLength: 40 }),
});

function live(
  { wanted, enabled, happenings }: typeof stories extends fc.Arbitrary<infer S> ? S : never,
  each: (world: TinyWorld) => void,
) {
  const world = new TinyWorld(wanted, enabled);
  for (const [event, ticks] of happenings) {
    world.happen(event);
    for (let tick = 0; tick <= ticks; tick++) {
      world.look();
      each(world);
      world.pass(TICK);
    }
  }
  return world;
}

const runs = { numRuns: 160, seed: 5 };

/** Within its bounds; those that do not serve go first, then the oldest; what is locked or new stays. */
function expectBounded({ action, facts }: Done): void {
  const bounds = boundsAt(facts.settings, facts.state, facts.now);
  const { operational, stranded } = pictureOf(facts);
  if (action.act === "launch") {
    expect(action.servers).toBeGreaterThan(0);
    expect(facts.members.length + action.servers).toBeLessThanOrEqual(bounds.max);
  }
  if (action.act !== "terminate") return;
  const going = facts.members.filter(({ name }) => action.servers.includes(name));
  expect(going).toHaveLength(action.servers.length);
  expect(going.filter(({ locked }) => locked !== null)).toEqual([]);
  const serving = going.filter((member) => operational.some(({ name }) => name === member.name));
  const least = serving.length > 0 ? bounds.min : 0;
  expect(operational.length - serving.length, "those that serve afterwards").toBeGreaterThanOrEqual(least);
  const staying = (list: readonly GroupMember[]) =>
    list.filter(({ locked, name }) => locked === null && !action.servers.includes(name));
  if (serving.length > 0) expect(staying(stranded)).toEqual([]);
  const age = ({ launchedAt }: GroupMember) => launchedAt ?? 0;
  const [oldestLeft] = staying(operational)
    .map(age)
    .sort((left, right) => left - right);
  for (const one of serving) expect(age(one)).toBeLessThanOrEqual(oldestLeft ?? age(one));
  // Fewer may be allowed at any time; nothing else takes one before the calm is over.
  const forMax = facts.members.length > bounds.max;
  const young = going.filter(
    ({ launchedAt }) => launchedAt !== null && facts.now - launchedAt < facts.settings.calmSeconds * SECOND,
  );
  if (!forMax) expect(young).toEqual([]);
}

function expectInHand({ action, facts }: Done): void {
  expect(facts.state.enabled, "disabled it does nothing").toBe(true);
  if (action.act !== "disable") expect(facts.hindrance, "and neither beside an upgrade").toBeNull();
  const { failures } = pictureOf(facts);
  if (action.act === "disable") expect(failures).toBeGreaterThanOrEqual(facts.settings.failuresMax);
  if (action.act === "launch") expect(failures + action.servers).toBeLessThanOrEqual(facts.settings.failuresMax);
}

const byVotes = ({ action }: Done): boolean => / it is to (grow|shrink)$/.test(action.because);

function expectCalm({ facts }: Done): void {
  const last = facts.history.find(({ good }) => good)?.at ?? 0;
  expect(facts.now - last).toBeGreaterThanOrEqual(facts.settings.calmSeconds * SECOND);
  expect(Math.abs(pictureOf(facts).count.percent)).toBeGreaterThanOrEqual(facts.settings.thresholdPercent);
}

test("on any history it stays in its bounds, calm, and in hand: disabled or beside an upgrade it does nothing", () => {
  const seen = { launch: 0, terminate: 0, disable: 0, nothing: 0, byVotes: 0 };
  fc.assert(
    fc.property(stories, (story) => {
      const world = live(story, ({ members, run, upgradeUntil, now }) => {
        if (run) expect(now, "a change that goes on beside an upgrade").toBeGreaterThanOrEqual(upgradeUntil);
        expect(new Set(members.map(({ generation }) => generation)).size, "generations").toBeLessThanOrEqual(1);
      });
      for (const done of world.done) {
        expectBounded(done);
        expectInHand(done);
        if (byVotes(done)) expectCalm(done);
        seen[done.action.act] += 1;
        seen.byVotes += byVotes(done) ? 1 : 0;
      }
    }),
    runs,
  );
  // Else the histories would show nothing.
  for (const [what, times] of Object.entries({ ...seen, nothing: 99 }))
    expect([what, times > 15]).toEqual([what, true]);
});

/** Enabled, and nobody does anything any more. */
function settle(world: TinyWorld, ms: number): number {
  const before = world.done.length;
  for (let passed = 0; passed < ms; passed += TICK) {
    world.look();
    world.pass(TICK);
  }
  return world.done.slice(before).reduce((sum, { action }) => sum + (action.act === "launch" ? action.servers : 0), 0);
}

test("broken from the beginning: K launches, then it is disabled with the reason, and enabled again K more", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 9 }), (failuresMax, min) => {
      const world = new TinyWorld(settings({ size: min, min, max: 20, failuresMax }), true);
      world.members = [];
      world.config = "broken";
      for (const _round of [1, 2]) {
        expect(settle(world, 3 * 60 * MINUTE)).toBe(failuresMax);
        expect(world.state).toMatchObject({ enabled: false, by: BY });
        expect(world.state.reason).toContain("in a row failed");
        expect(nextAction(world.facts)).toMatchObject({
          act: "nothing",
          because: expect.stringMatching(/^disabled by group burst: /),
        });
        world.happen({ kind: "people", does: "enable", who: 0 });
        world.pass(TICK);
      }
    }),
    { numRuns: 40, seed: 2 },
  );
});

test("servers that strand after they were good are not replaced without end", () => {
  const world = new TinyWorld(settings({ size: 2, min: 2, max: 20 }), true);
  world.members = [];
  world.config = "strands";
  expect(settle(world, 24 * 60 * MINUTE)).toBeLessThanOrEqual(4);
  expect(nextAction(world.facts).because).toMatch(/burst-\d, .* do not serve: launching more would not help/);
  const full = new TinyWorld(settings({ size: 2, strandedSeconds: 30 }), true);
  for (const member of full.members) member.sickSince = full.now;
  full.config = "strands";
  // One in each calm time, in the place of another.
  expect(settle(full, 60 * MINUTE)).toBeLessThanOrEqual(8);
  expect(full.members.length).toBeLessThanOrEqual(2);
});

test("while launches succeed and nothing stands in the way it is back at its least, however it came below", () => {
  fc.assert(
    fc.property(stories, (story) => {
      const world = live(story, () => {});
      world.upgradeUntil = 0;
      world.config = "good";
      world.votes = [];
      world.happen({ kind: "people", does: "enable", who: 0 });
      for (const member of world.members) member.locked = null;
      settle(world, 100 * MINUTE);
      const { operational, stranded, bounds } = pictureOf(world.facts);
      // Too many that do not serve are left for a person.
      if (stranded.length < world.settings.failuresMax) expect(operational.length).toBeGreaterThanOrEqual(bounds.min);
      expect(world.members.length).toBeLessThanOrEqual(bounds.max);
    }),
    { ...runs, numRuns: 120 },
  );
});

test("one that was terminated by hand while it is disabled stays gone", () => {
  const world = new TinyWorld(settings({ size: 2, min: 2, max: 4 }), false);
  world.happen({ kind: "people", does: "terminate", who: 0 });
  settle(world, 60 * MINUTE);
  expect(world.members.map(({ name }) => name)).toEqual(["burst-2"]);
  world.happen({ kind: "people", does: "enable", who: 0 });
  settle(world, 10 * MINUTE);
  expect(world.members.map(({ name }) => name)).toEqual(["burst-2", "burst-3"]);
});

test("by hand: beyond the most, below the least of an enabled one, and a locked one are refused in words", () => {
  const world = new TinyWorld(settings({ size: 2, min: 2, max: 3 }), true);
  const seen = () => pictureOf(world.facts);
  expect(whyNotLaunch(seen(), 1)).toBeNull();
  expect(whyNotLaunch(seen(), 2)).toBe("it has 2, and 2 more are beyond 3, the most by the environment file");
  expect(whyNotTerminate(seen(), ["burst-1"])).toMatch(/1 would be left, 2 is the least .* would launch another/);
  expect(whyNotTerminate(seen(), ["burst-9"])).toBe('"burst-9" is none of its servers: burst-1, burst-2');
  world.happen({ kind: "people", does: "disable", who: 0 });
  expect(whyNotTerminate(seen(), ["burst-1", "burst-2"])).toBeNull();
  world.happen({ kind: "lock", who: 0, on: true });
  expect(whyNotTerminate(seen(), ["burst-1"])).toBe('"burst-1" is locked by ann');
});

const vote = (voter: string, wish: "grow" | "shrink", at = 0): Vote => ({
  environment: "shop",
  group: "burst",
  voter,
  vote: wish,
  at,
});

test("each voter has one vote; those of servers that are gone, and old ones, do not count", () => {
  const members = [1, 2, 3].map((number) => ({ name: `burst-${number}`, launchedAt: number === 3 ? 500 : null }));
  const servers = [...members.map(({ name }) => name), "lb-1"];
  const count = (votes: Vote[], now = 1_000) => countVotes({ votes, members, servers, votesSeconds: 60, now });
  expect(count([])).toMatchObject({ voters: 3, percent: 0 });
  // Two alerts on one server are one vote, and may cancel each other out.
  expect(count([vote("busy burst-1", "grow"), vote("full burst-1", "grow")])).toMatchObject({ grow: 1, voters: 3 });
  expect(count([vote("busy burst-1", "grow"), vote("idle burst-1", "shrink")])).toMatchObject({ grow: 0, shrink: 0 });
  // Others vote like members do.
  expect(count([vote("busy burst-1", "grow"), vote("queue lb-1", "grow"), vote("ann", "grow")])).toMatchObject({
    grow: 3,
    voters: 5,
    percent: 60,
  });
  expect(count([vote("busy burst-9", "grow")]).ballots).toMatchObject([{ not: 'there is no server "burst-9"' }]);
  expect(count([vote("busy burst-3", "grow")]).ballots).toMatchObject([
    { not: 'it is of another "burst-3", which is gone' },
  ]);
  expect(count([vote("busy burst-3", "grow", 500)])).toMatchObject({ grow: 1 });
  expect(count([vote("busy burst-1", "grow")], 61_000).ballots).toMatchObject([{ not: "it is older than 60 s" }]);
  expect(countVotes({ votes: [vote("ann", "grow")], members: [], servers, votesSeconds: 60, now: 0 }).percent).toBe(
    100,
  );
});

test("the schedule's last change holds until the next one, also where the clocks are put back or forward", () => {
  const day = {
    days: ["mon", "tue", "wed", "thu", "fri"] as const,
    at: "08:00",
    zone: "Europe/Berlin",
    min: 4,
    max: 8,
  };
  const night = { ...day, at: "20:00", min: 1, max: 2 };
  const wanted = settings({
    size: 3,
    min: 1,
    max: 5,
    schedule: [
      { ...day, days: [...day.days] },
      { ...night, days: [...night.days] },
    ],
  });
  const nobody = { min: null, max: null };
  const at = (text: string, set: { min: number | null; max: number | null } = nobody) =>
    boundsAt(wanted, set, Date.parse(text));
  expect(at("2030-01-01T06:59:00Z")).toMatchObject({ min: 1, max: 2, until: Date.parse("2030-01-01T07:00:00Z") });
  expect(at("2030-01-01T07:00:00Z")).toMatchObject({
    min: 4,
    max: 8,
    from: "the schedule of mon, tue, wed, thu, fri 08:00 Europe/Berlin",
  });
  expect(at("2030-01-06T12:00:00Z"), "of Friday evening").toMatchObject({ min: 1, max: 2 });
  expect(at("2030-07-01T06:30:00Z"), "an hour earlier in summer").toMatchObject({ min: 4 });
  expect(at("2030-01-01T12:00:00Z", { min: null, max: 2 }), "people win, and the most is the most").toMatchObject({
    min: 2,
    max: 2,
  });
  const odd = settings({
    size: 1,
    min: 0,
    max: 9,
    schedule: [
      { days: ["sun"], at: "02:30", zone: "Europe/Berlin", min: 5, max: 9 },
      { days: ["sun"], at: "01:00", zone: "Europe/Berlin", min: 1, max: 9 },
    ],
  });
  // 2030-03-31 has no 02:30 there, 2030-10-27 has it twice: each change comes once, and is not taken back.
  for (const [from, changes] of [
    ["2030-03-30T22:00:00Z", 2],
    ["2030-10-26T21:00:00Z", 2],
  ] as const) {
    const seen = Array.from(
      { length: 8 * 60 },
      (_, minute) => boundsAt(odd, nobody, Date.parse(from) + minute * MINUTE).min,
    );
    expect(seen.filter((min, index) => index > 0 && min !== seen[index - 1])).toHaveLength(changes);
    expect(seen.at(-1)).toBe(5);
  }
});
