/** Inputs as people edit them: whose next launch changes, what runs, loans that end, the way back of an edit, and who is refused. */
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Asking } from "../../src/run/input-edits.ts";
import { ENVIRONMENT, type Place, textOf } from "../../src/model/inputs/set.ts";
import type { LaunchInput } from "../../src/model/launch.ts";
import type { Plan } from "../../src/model/plan.ts";
import { Problem } from "../../src/model/problem.ts";
import { inputsForLaunch, type LaunchWish } from "../../src/run/launch-inputs.ts";
import { openLockDesk } from "../../src/run/lock-desk.ts";
import { forgetEnvironment, saveEnvironment, findEnvironment } from "../../src/store/environments.ts";
import { inputsOf, replaceInputs } from "../../src/store/inputs.ts";
import { savePlan } from "../../src/store/plans.ts";
import { insertUpgrade, setState, takeUpgrade } from "../../src/store/upgrades.ts";
import { drawCrossReference, drawEdited, drawInputs } from "../../src/view/inputs.ts";
import { type InputFixture, openInputFixture, reads, templateRef } from "../laws/input-desk.ts";
import { levelValues, PLACES, sets } from "../laws/input-values.ts";

const HOUR = 3_600_000;
const anna: Asking = { by: "anna", why: "" };
const APP = { level: "server", owner: "app-1" } as const;
const BURST = { level: "group", owner: "burst" } as const;
const text = (of: string) => ({ text: of });
const given = (of: string): LaunchInput => ({ value: text(of), level: "environment", from: "shop" });

let all: InputFixture;
beforeAll(async () => {
  all = await openInputFixture();
  all.templates.set("web", {
    scripts: [
      reads("configure", { MODE: { required: true }, POOL: { default: text("live") }, SMTP: {} }),
      reads("connect", { POOL: { default: text("live") }, TOKEN: { required: true } }, "operational"),
    ],
    values: { WORKERS: text("2") },
  });
  await all.launch("app-1", { MODE: given("blue"), POOL: given("live") });
  await all.launch("burst-1", { MODE: given("blue") });
  await all.launch("db-1", { PORT: given("3306") }, "database");
  await all.launch("lb-1", null);
  all.templates.set("database", { scripts: [reads("install", { PORT: {} })], values: {} });
  all.defined.push({ server: "app-2", group: null, template: templateRef("web") });
}, 60_000);
afterAll(() => all.close(), 60_000);
beforeEach(async () => {
  await replaceInputs(all.store, "shop", []);
});

const set = (
  values: Record<string, object>,
  place: Place = ENVIRONMENT,
  more: Partial<Asking & { hours: number }> = {},
) => all.desk.set("shop", { ...anna, hours: null, place, values: values as never, ...more });
const lend = (values: Record<string, object>, place: Place = APP, hours?: number) =>
  set(values, place, { why: "a trial", ...(hours && { hours }) });
const next = async (server: string) => {
  const { rows } = await all.desk.crossReference("shop", { server });
  return Object.fromEntries(rows.map((row) => [row.input, row.next?.value ?? null]));
};
const problemOf = async (act: Promise<unknown>): Promise<Problem> => {
  try {
    await act;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error("it passed");
};

describe("an edit", () => {
  test("tells whose next launch it changes; what runs keeps what it was launched with", async () => {
    const before = await all.launchFile("app-1");
    const edited = await set({ MODE: text("green"), PORT: text("3307") });
    expect(edited.next.map(({ server, differences }) => [server, differences])).toEqual([
      ["app-1", [{ key: "MODE", from: null, to: "green" }]],
      ["app-2", [{ key: "MODE", from: null, to: "green" }]],
      ["burst-1", [{ key: "MODE", from: null, to: "green" }]],
      ["db-1", [{ key: "PORT", from: null, to: "3307" }]],
    ]);
    expect(await all.launchFile("app-1")).toBe(before);
    const { rows } = await all.desk.crossReference("shop", { server: "app-1" });
    expect(rows.find(({ input }) => input === "MODE")).toEqual({
      ...{ server: "app-1", input: "MODE", differs: true, hidden: [], scripts: ["configure"] },
      next: { value: "green", level: "environment", from: "shop" },
      current: { value: "blue", level: "environment", from: "shop" },
    });
    const { compared } = await all.desk.diff("shop", { kind: "pending" });
    expect(compared.map(({ from }) => from)).toEqual(["app-1", "burst-1", "db-1"].map((name) => `${name} as it runs`));
    expect(compared[0]?.differences).toEqual([{ key: "MODE", from: "blue", to: "green" }]);
    expect(drawEdited(edited)).toContain("What runs keeps what it was launched with, until it is relaunched.");
  });

  test("that changes nothing keeps no snapshot; inherit takes away what stands there", async () => {
    const first = await set({ MODE: text("green") });
    expect((await set({ MODE: text("green") })).snapshot).toBeNull();
    const away = await set({ MODE: { inherit: true } });
    expect(away).toMatchObject({
      changed: [{ key: "MODE", from: "green", to: null }],
      snapshot: (first.snapshot ?? 0) + 1,
    });
    expect(away.next[0]?.refusals).toEqual(["MODE has no value, and is required by configure"]);
    const { text: told } = await problemOf(all.desk.unset("shop", { ...anna, names: ["MODE"] }));
    expect(told.why).toBe("the environment itself says nothing of MODE");
  });

  test("warns of white space, of a credential that is not set, and of what an override hides", async () => {
    await lend({ MODE: text("trial") });
    const { warnings } = await set({ MODE: text("green "), SMTP: { credential: "smtp" } });
    expect(warnings).toEqual([
      "MODE begins or ends with white space, which is part of its value",
      "MODE of server app-1 stays as it is: anna overrides it (a trial)",
      'credential "smtp" is not set: changeover credential set shop smtp',
    ]);
    expect((await all.desk.list("shop")).missingCredentials).toEqual(["smtp"]);
  });

  test("is refused while the environment is locked or an upgrade is unfinished; only cleaning up is let through to one that is stuck", async () => {
    await lend({ MODE: text("trial") });
    const locks = openLockDesk(all.parts);
    await locks.lock("shop", null, { by: "ben", reason: "audit" });
    expect((await problemOf(set({ MODE: text("x") }))).text).toMatchObject({ why: expect.stringContaining("audit") });
    await locks.unlock("shop", null);
    const plan: Plan = {
      ...{ format: 1, environment: "shop", strategy: "major", from: "1", to: "2" },
      ...{ stages: [], afterWayBack: [], failAt: null },
    };
    const planHash = await savePlan(all.store, plan);
    const upgrade = { id: "u-1", environment: "shop", planHash, options: { yes: true }, askedBy: "ben", boot: 1 };
    await insertUpgrade(all.store, upgrade);
    for (const act of [
      () => set({ MODE: text("x") }),
      () => all.desk.revert("shop", { ...anna, number: 1 }),
      () => all.desk.drop("shop", { ...anna, place: null, names: null }),
    ])
      expect((await problemOf(act())).text.why).toBe('"u-1" is waiting');
    const token = await takeUpgrade(all.store, "u-1");
    await setState(all.store, "u-1", token, "stuck");
    expect((await problemOf(set({ MODE: text("x") }))).text.why).toBe('"u-1" is stuck');
    expect((await all.desk.drop("shop", { ...anna, place: null, names: null })).changed).toHaveLength(1);
    await setState(all.store, "u-1", token, "upgraded");
  });

  test("two at the same moment are one after the other, and neither is lost", async () => {
    const both = await Promise.all([set({ A: text("1") }), set({ B: text("2") }), set({ C: text("3") })]);
    expect((await all.desk.list("shop")).inputs.map(({ input }) => input)).toEqual(["A", "B", "C"]);
    expect(new Set(both.map(({ snapshot }) => snapshot)).size).toBe(3);
  });
});

describe("a value lent to a server or a group", () => {
  test("needs a reason, an end that the policy allows, and somebody to lend it to", async () => {
    expect((await problemOf(set({ MODE: text("x") }, APP))).text.why).toContain("no reason");
    expect((await problemOf(lend({ MODE: text("x") }, APP, 200))).text.why).toContain("168 h");
    const { text: told } = await problemOf(lend({ MODE: text("x") }, { level: "server", owner: "app-9" }));
    expect(told).toMatchObject({
      what: 'environment "shop" has no server "app-9"',
      why: expect.stringContaining("app-1"),
    });
    expect(told.why).toContain("app-2");
    expect((await problemOf(lend({ MODE: text("x") }, { level: "group", owner: "web" }))).text.why).toBe(
      "it has burst",
    );
  });

  test("wins until its time is over, then counts no more and is shown until it is dropped", async () => {
    await set({ MODE: text("green") });
    await lend({ MODE: text("trial") }, APP, 2);
    await lend({ MODE: text("burst") }, BURST);
    expect([(await next("app-1")).MODE, (await next("app-2")).MODE, (await next("burst-1")).MODE]).toEqual([
      ...["trial", "green", "burst"],
    ]);
    await all.clock.sleep(2 * HOUR);
    expect((await next("app-1")).MODE).toBe("green");
    const { overrides } = await all.desk.list("shop");
    expect(overrides.map(({ owner, open, until, since }) => [owner, open, (until - since) / HOUR])).toEqual([
      ["burst", true, 24],
      ["app-1", false, 2],
    ]);
    const { rows } = await all.desk.crossReference("shop", { server: "app-1" });
    expect(rows.find(({ input }) => input === "MODE")?.hidden).toEqual([
      { value: "trial", level: "server", from: "app-1", lapsed: true },
    ]);
    expect(drawInputs(await all.desk.list("shop")).join("\n")).toContain(
      "LAPSED anna: a trial; 2 h old, lapsed 0 min ago",
    );
    const chosen = { ...anna, place: APP, names: null };
    expect((await problemOf(all.desk.promote("shop", chosen))).text.why).toContain("has lapsed");
    expect((await all.desk.drop("shop", chosen)).next).toEqual([]);
    expect((await all.desk.list("shop")).overrides).toHaveLength(1);
  });

  test("becomes the environment's own, and nothing is left of the loan; two that quarrel are named", async () => {
    await lend({ MODE: text("trial"), POOL: text("test") });
    await lend({ MODE: text("other") }, BURST);
    const everything = { ...anna, place: null, names: null };
    const { text: told } = await problemOf(all.desk.promote("shop", everything));
    expect(told.why).toBe('group "burst" and server "app-1" don\'t have the same MODE');
    const before = await next("app-1");
    await all.desk.promote("shop", { ...anna, place: APP, names: null });
    expect(await next("app-1")).toEqual(before);
    expect(await next("app-2")).toMatchObject({ MODE: "trial", POOL: "test" });
    expect((await next("burst-1")).MODE).toBe("other");
    await all.desk.drop("shop", everything);
    expect((await next("burst-1")).MODE).toBe("trial");
    expect((await all.desk.list("shop")).overrides).toEqual([]);
  });
});

describe("the way back of an edit", () => {
  test("is exact, byte for byte, over any edits, and can itself be taken back", async () => {
    const edits = fc.array(fc.tuple(fc.constantFrom(...PLACES.slice(0, 3)), levelValues), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(sets, edits, fc.nat(3), async (start, made, back) => {
        await replaceInputs(all.store, "shop", start);
        const texts = new Map<number, string>();
        for (const [place, values] of made) {
          if (Object.keys(values).length === 0 || place.owner === "web") continue;
          const was = textOf(await inputsOf(all.store, "shop"));
          const { snapshot } = await set(values, place, { why: "any" });
          if (snapshot !== null) texts.set(snapshot, was);
        }
        fc.pre(texts.size > 0);
        const [number, wanted] = [...texts][back % texts.size] as [number, string];
        const was = textOf(await inputsOf(all.store, "shop"));
        const { snapshot } = await all.desk.revert("shop", { ...anna, number });
        expect(textOf(await inputsOf(all.store, "shop"))).toBe(wanted);
        if (snapshot === null) return expect(was).toBe(wanted);
        await all.desk.revert("shop", { ...anna, number: snapshot });
        expect(textOf(await inputsOf(all.store, "shop"))).toBe(was);
      }),
      { numRuns: 15, seed: 3 },
    );
  });

  test("history says who, when, what and why; a number that never was is refused", async () => {
    const { snapshot } = await set({ MODE: text("green") }, ENVIRONMENT, { why: "new code" });
    await lend({ MODE: text("trial") });
    const { snapshots } = await all.desk.history("shop");
    expect(snapshots.slice(0, 2)).toMatchObject([
      { by: "anna", edit: "set MODE of server app-1", why: "a trial" },
      { number: snapshot, by: "anna", edit: "set MODE", why: "new code" },
    ]);
    const { compared } = await all.desk.diff("shop", { kind: "since", number: snapshot ?? 0 });
    expect(compared[0]?.differences.map(({ key }) => key)).toEqual(["MODE", "MODE of server app-1"]);
    expect((await problemOf(all.desk.revert("shop", { ...anna, number: 9_999 }))).kind).toBe("not-found");
  });

  test("goes with the environment", async () => {
    const saved = await findEnvironment(all.store, "shop");
    if (!saved) throw new Error("it is there");
    const other = { ...saved, name: "other", definition: { ...saved.definition, environment: "other" } };
    await saveEnvironment(all.store, other);
    await all.desk.set("other", { ...anna, place: ENVIRONMENT, values: { MODE: text("x") }, hours: null });
    expect((await all.desk.history("other")).snapshots).toHaveLength(1);
    await forgetEnvironment(all.store, "other");
    await saveEnvironment(all.store, other);
    expect((await all.desk.list("other")).inputs).toEqual([]);
    expect((await all.desk.history("other")).snapshots).toEqual([]);
  });
});

describe("a launch", () => {
  const launch = (wish: Partial<LaunchWish> = {}) =>
    inputsForLaunch(all.parts, "shop", { ...anna, server: "app-2", values: {}, keep: "once", hours: null, ...wish });

  test("is refused by the names of what is missing, and of credentials that are not set", async () => {
    expect((await problemOf(launch())).text).toMatchObject({
      what: 'server "app-2" can\'t be launched',
      why: "MODE has no value, and is required by configure",
      next: expect.stringContaining("changeover inputs set shop MODE=VALUE"),
    });
    await set({ MODE: text("green"), SMTP: { credential: "smtp" } });
    expect((await problemOf(launch())).text.why).toContain('has no credential "smtp"');
    all.credentials.set("shop", "smtp", "open sesame");
    const { inputs, warnings } = await launch();
    expect(inputs.SMTP?.value).toEqual({ credential: "smtp" });
    expect(inputs.POOL).toEqual({ value: text("live"), level: "script", from: "configure, connect" });
    // Nobody reads it, so nobody is given it.
    expect(inputs.WORKERS).toBeUndefined();
    expect(warnings).toEqual([
      "TOKEN has no value, and is required by connect, which asks for it when run",
      "WORKERS is read by none of its scripts, so it is not given to them",
    ]);
    all.credentials.remove("shop", "smtp");
  });

  test("with values for this launch only leaves the next as it was, and says that it lacks them", async () => {
    const before = textOf(await inputsOf(all.store, "shop"));
    const { inputs, warnings } = await launch({ values: { MODE: text("once") } });
    expect(inputs.MODE).toEqual({ value: text("once"), level: "launch", from: "this launch" });
    expect(textOf(await inputsOf(all.store, "shop"))).toBe(before);
    expect(warnings).toContain("at its next launch MODE has no value, and is required by configure");
  });

  test("with values that are saved lends them to the server, and saves nothing when it is refused", async () => {
    const saving = { keep: "save" as const, why: "until the new code is out" };
    const refused = await problemOf(launch({ ...saving, values: { POOL: text("test") } }));
    expect(refused.text.why).toContain("MODE has no value");
    expect(await inputsOf(all.store, "shop")).toEqual([]);
    const { inputs } = await launch({ ...saving, values: { MODE: text("saved") } });
    expect(inputs.MODE).toEqual({ value: text("saved"), level: "server", from: "app-2" });
    expect((await next("app-2")).MODE).toBe("saved");
    expect((await all.desk.list("shop")).overrides).toMatchObject([{ owner: "app-2", by: "anna", open: true }]);
    await launch({ ...saving, server: "burst-1", values: { MODE: text("all") } });
    expect((await all.desk.list("shop")).overrides.map(({ level, owner }) => `${level} ${owner}`)).toContain(
      "group burst",
    );
  });

  test("names what another server has, to be asked for when it boots; refused when nobody knows that server or it has no such input", async () => {
    const wanted = {
      array: [
        { server: "db-1", value: "address" },
        { server: "db-1", value: "PORT" },
      ],
    };
    await set({ MODE: wanted });
    expect((await launch()).inputs.MODE?.value).toEqual(wanted);
    const { rows } = await all.desk.crossReference("shop", { server: "app-2" });
    expect(rows.find(({ input }) => input === "MODE")?.next).toEqual({
      ...{ value: "array:127.1.1.3,3306", level: "environment", from: "shop" },
      written: "array:server:db-1.address,server:db-1.PORT",
    });
    await set({ MODE: { server: "lb-1", value: "address" } });
    expect((await next("app-2")).MODE).toBe("127.1.1.4");
    for (const [server, value, why] of [
      ["lb-1", "PORT", 'MODE wants PORT of server "lb-1", which was not launched with it'],
      ["db-1", "NOTHING", 'MODE wants NOTHING of server "db-1", which was not launched with it'],
      ["db-9", "address", 'MODE wants something of server "db-9", which nobody knows'],
    ]) {
      await set({ MODE: { server, value } });
      expect((await problemOf(launch())).text.why).toBe(why);
    }
    await set({ MODE: { server: "app-2", value: "address" } });
    expect((await launch({ server: "app-1" })).warnings).toContain('MODE waits for server "app-2", which does not run');
    expect((await next("app-1")).MODE).toBe("server:app-2.address");
  });

  test("two scripts that disagree are named, until a level above says which", async () => {
    all.templates.set("web2", {
      scripts: [reads("one", { POOL: { default: text("a") } }), reads("two", { POOL: { default: text("b") } })],
      values: {},
    });
    all.defined.push({ server: "app-3", group: null, template: templateRef("web2") });
    expect((await problemOf(launch({ server: "app-3" }))).text.why).toBe(
      "POOL is ambiguous: one says a, two says b, and no level above says which",
    );
    await set({ POOL: text("c") });
    expect((await launch({ server: "app-3" })).inputs.POOL?.value).toEqual(text("c"));
    all.defined.pop();
  });
});

test("the cross-reference is a page that can be read", async () => {
  await set({ MODE: text("green"), SMTP: { credential: "smtp" }, LOST: text("x") });
  await lend({ POOL: text("test") });
  await lend({ MODE: text("trial") }, BURST);
  const page = drawCrossReference(await all.desk.crossReference("shop", { server: null }));
  await expect(`${page.join("\n")}\n`).toMatchFileSnapshot("inputs-cross-reference.txt");
});

test("a server that found out what another server had keeps it: nothing differs until that one changes", async () => {
  const value = { server: "db-1", value: "address" };
  await set({ MODE: value });
  const kept = { MODE: { value, level: "environment" as const, from: "shop" } };
  await all.launch("app-9", kept, "web", { MODE: text("127.1.1.3") });
  const { rows } = await all.desk.crossReference("shop", { server: "app-9" });
  expect(rows.find(({ input }) => input === "MODE")).toMatchObject({
    differs: false,
    current: { value: "127.1.1.3" },
  });
});
