/** Stories of alerts on the simulated shop: raised, told, escalated, voted, paused, kept quiet, proven, and over again. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Message } from "../../src/model/alerts/message.ts";
import type { Plan } from "../../src/model/plan.ts";
import type { World } from "../../src/model/world.ts";
import { freshWatch, lookOnce, type LookParts } from "../../src/run/alert-look.ts";
import { readActivity } from "../../src/store/activity.ts";
import { alertEvents, recordEvents } from "../../src/store/alert-events.ts";
import { findEnvironment } from "../../src/store/environments.ts";
import { savePlan } from "../../src/store/plans.ts";
import type { Store } from "../../src/store/store.ts";
import { findUpgrade, insertUpgrade, setState } from "../../src/store/upgrades.ts";
import { putLock, removeLock } from "../../src/store/locks.ts";
import { votesFor } from "../../src/store/votes.ts";
import { drawAlertDetails, drawAlerts, drawAlertTest } from "../../src/view/alerts.ts";
import { type Clients, startClients } from "../laws/clients.ts";
import { type ControlDatabase, openControlDatabase, type Watched, watch } from "./watched-shop.ts";

let database: ControlDatabase;
let store: Store;
let clients: Clients | null = null;

beforeAll(async () => {
  database = await openControlDatabase();
  store = database.store;
}, 60_000);
beforeEach(() => {
  clients?.stop();
  clients = null;
});
afterAll(() => database?.close(), 60_000);

const notify = (name: string) => ({ notify: { url: `https://${name}.example/alerts` } });
const locked = { environment: "shop", server: null, by: "ann", reason: "stocktaking" };

const lag = {
  name: "lag",
  when: { metric: "lagTransactions", over: 5, forSeconds: 10, clearSeconds: 10 },
  do: [notify("ops")],
  escalate: [{ afterSeconds: 60, instead: true, do: [notify("boss")] }],
  repeatEverySeconds: 30,
  resolve: [notify("ops")],
};
const told = ({ sent }: Watched) => sent.map(({ to, message: { event } }) => `${event} to ${to}`);
const stateOf = async ({ desk }: Watched, alert: string) =>
  (await desk.list("shop")).alerts
    .find((one) => one.alert === alert)
    ?.targets.map(({ target, state }) => [target, state]);

async function withUpgrade(id: string, strategy: Plan["strategy"]): Promise<void> {
  const plan: Plan = {
    format: 1,
    environment: "shop",
    strategy,
    from: "1",
    to: "2",
    stages: [],
    afterWayBack: [],
    failAt: null,
  };
  const planHash = await savePlan(store, plan);
  await insertUpgrade(store, { id, environment: "shop", planHash, options: { yes: false }, askedBy: "test", boot: 1 });
}

test("a replica falls behind: told, told again, escalated, and told when it is over", async () => {
  const seen = await watch(store, [lag]);
  seen.write();
  await seen.goOn(20);
  expect(await stateOf(seen, "lag")).toEqual([["db-2", "ok"]]);
  const replica = seen.site.database("db-2");
  replica.lagMs = 1e9;
  await seen.goOn(40);
  expect(told(seen)).toEqual(["raised to ops.example"]);
  await seen.goOn(75);
  expect(told(seen)).toEqual([
    "raised to ops.example",
    "repeated to ops.example",
    "escalated to boss.example",
    "repeated to boss.example",
  ]);
  const { message } = seen.sent.at(-1) as { message: Message };
  expect(message).toMatchObject({ environment: "shop", alert: "lag", target: "db-2", synthetic: false, unit: "count" });
  expect(message.value).toBeGreaterThan(5);
  replica.lagMs = 20;
  await seen.goOn(25);
  expect(told(seen).at(-1)).toBe("resolved to ops.example");
  expect(await stateOf(seen, "lag")).toEqual([["db-2", "ok"]]);
  await seen.goOn(60);
  expect(seen.sent).toHaveLength(5);
  expect(new Set(seen.sent.map((one) => one.message.id)).size).toBe(5);
  const log = await readActivity(store, { environment: "shop", by: "alert lag", limit: 50 });
  expect(log.filter(({ says }) => says.startsWith("notify")).map(({ problem }) => problem)).toEqual(
    Array(5).fill(null),
  );
  expect(log.map(({ says }) => says).join("\n")).toContain("raised, lagTransactions is");
});

test("a replica that does not replicate is behind by position, and its lag is never 0", async () => {
  const follows = { name: "follows", when: { metric: "follows", under: 1, forSeconds: 5 }, do: [notify("ops")] };
  const seen = await watch(store, [{ ...lag, escalate: [], resolve: [] }, follows]);
  seen.write();
  await seen.goOn(10);
  seen.site.database("db-2").parted = "Duplicate entry";
  await seen.goOn(30);
  expect(told(seen).sort()).toEqual(["raised to ops.example", "raised to ops.example"]);
  const [behind] = (await seen.desk.show("shop", "lag")).targets;
  expect(behind?.value).toBeGreaterThan(5);
  expect((await seen.desk.show("shop", "follows")).targets).toMatchObject([{ says: "no (Duplicate entry)" }]);
  // Nobody can tell how far behind it is when the primary is gone: that is no 0 either.
  seen.site.crash("db-1");
  await seen.goOn(10);
  expect((await seen.desk.show("shop", "lag")).targets).toMatchObject([{ state: "raised", value: null }]);
});

test("busy servers vote for more of them, each by itself; what calms down takes its vote back, a lock denies it", async () => {
  const vote = { vote: "grow", group: "burst" };
  const busy = {
    name: "busy",
    when: { metric: "answersPerSecond", over: 5, forSeconds: 10, withinSeconds: 10 },
    do: [vote],
  };
  const seen = await watch(store, [busy]);
  const votes = async () => (await votesFor(store, "shop", "burst")).map((one) => `${one.voter}: ${one.vote}`);
  clients = startClients(seen.site);
  await seen.goOn(30);
  expect(await votes()).toEqual(["busy app-1: grow", "busy burst-1: grow"]);
  const [first] = await votesFor(store, "shop", "burst");
  await seen.goOn(30);
  const [later] = await votesFor(store, "shop", "burst");
  expect((later?.at ?? 0) - (first?.at ?? 0), "a vote that stands is renewed").toBeGreaterThan(20_000);
  await putLock(store, locked);
  await seen.goOn(5);
  expect(await votes()).toEqual([]);
  expect((await seen.desk.list("shop")).locked).toContain("stocktaking");
  await removeLock(store, locked);
  await seen.goOn(5);
  expect(await votes()).toHaveLength(2);
  clients.stop();
  await seen.goOn(40);
  expect(await votes()).toEqual([]);
  expect(await stateOf(seen, "busy")).toEqual([
    ["app-1", "ok"],
    ["burst-1", "ok"],
  ]);
});

test("an upgrade is paused with the reason in words; a backup is left alone", async () => {
  const failing = {
    name: "failing",
    when: { metric: "poolHealthyPercent", under: 100, forSeconds: 10 },
    do: [{ pause: "upgrade" }],
  };
  const seen = await watch(store, [failing]);
  await seen.goOn(10);
  await withUpgrade("u-backup", "backup");
  seen.site.crash("app-1");
  await seen.goOn(30);
  const [{ outcome, why } = {}] = (await seen.desk.show("shop", "failing")).events;
  expect([outcome, why]).toEqual(["nothing", "what is under way is a backup, and only upgrades are paused"]);
  await setState(store, "u-backup", 0, "upgraded");

  const again = await watch(store, [failing]);
  await withUpgrade("u-major", "major");
  await again.goOn(10);
  again.site.crash("app-1");
  await again.goOn(30);
  const paused = await findUpgrade(store, "u-major");
  expect(paused?.pausedBy).toMatch(
    /^alert failing \(alert "failing" of shop, public pool: raised, poolHealthyPercent is 50 %/,
  );
  await setState(store, "u-major", 0, "upgraded");
});

test("what a run stops on purpose is not judged", async () => {
  const rules = [
    {
      name: "web",
      when: { metric: "running", under: 1, forSeconds: 0 },
      on: { kind: "application" },
      do: [notify("ops")],
    },
    { name: "pool", when: { metric: "poolHealthy", under: 2, forSeconds: 0 }, do: [notify("ops")] },
    { name: "follows", when: { metric: "follows", under: 1, forSeconds: 0 }, do: [notify("ops")] },
    { name: "page", when: { metric: "page", over: 0, forSeconds: 30 }, do: [notify("ops")] },
  ];
  const seen = await watch(store, rules);
  await seen.goOn(10);
  await withUpgrade("u-1", "major");
  for (const one of seen.site.loadBalancers()) one.maintenance = true;
  await (await seen.changing().application("app-1")).stop("web", 0);
  await (await seen.changing().database("db-2")).freeze();
  await seen.goOn(25);
  expect(told(seen)).toEqual([]);
  // But a window that takes long is.
  await seen.goOn(15);
  expect(seen.sent.map(({ message: { alert, target } }) => [alert, target]).sort()).toEqual([
    ["page", "lb-1"],
    ["page", "lb-2"],
  ]);
  for (const one of seen.site.loadBalancers()) one.maintenance = false;
  await setState(store, "u-1", 0, "upgraded");
  await seen.goOn(5);
  expect(seen.sent.map(({ message: { alert } }) => alert).sort()).toEqual(["follows", "page", "page", "pool", "web"]);
});

test("quenched it is only shown; afterwards what is due is done at once", async () => {
  const seen = await watch(store, [lag]);
  seen.write();
  await seen.goOn(10);
  await seen.desk.quench("shop", "lag", { seconds: 3_600, by: "ann", reason: "we know" });
  seen.site.database("db-2").lagMs = 1e9;
  await seen.goOn(120);
  expect(told(seen)).toEqual([]);
  expect(drawAlerts(await seen.desk.list("shop")).join("\n")).toMatch(
    /quenched until .* by ann: we know\n.*✗ db-2 .*RAISED/,
  );
  await expect(seen.desk.test("shop", "lag", { only: null, escalate: false, target: null })).rejects.toThrow(
    /quenched/,
  );
  await seen.desk.unquench("shop", "lag");
  await seen.goOn(5);
  expect(told(seen)).toEqual(["escalated to boss.example"]);
  await expect(seen.desk.unquench("shop", "lag")).rejects.toThrow(/not quenched/);
});

test("an edited file counts at once, also for what is raised; a rule that is gone ends", async () => {
  const seen = await watch(store, [{ ...lag, do: [notify("ops"), { vote: "grow", group: "burst" }] }]);
  seen.write();
  await seen.goOn(10);
  seen.site.database("db-2").lagMs = 1e9;
  await seen.goOn(20);
  expect(await votesFor(store, "shop", "burst")).toHaveLength(1);
  await seen.change([{ ...lag, do: [notify("ops"), { run: "kick" }] }]);
  await seen.goOn(5);
  expect([seen.scripts, await votesFor(store, "shop", "burst"), told(seen)]).toEqual([
    ["kick on db-2"],
    [],
    ["raised to ops.example"],
  ]);
  await seen.change([]);
  await seen.goOn(5);
  expect((await seen.desk.list("shop")).alerts).toEqual([]);
  const [last] = await readActivity(store, { environment: "shop", by: "alert lag", limit: 1 });
  expect(last?.says).toContain("ended, the environment file has no such alert any longer");
});

test("a server that never answers is unknown, and the others are seen all the same", async () => {
  const running = {
    name: "up",
    on: { kind: "application" },
    when: { metric: "running", under: 1, forSeconds: 10 },
    do: [notify("ops")],
  };
  let dead = false;
  const worldOf = (world: World): World => {
    const hanging: World = {
      ...world,
      within: () => hanging,
      application: (name) => (dead && name === "app-1" ? new Promise(() => {}) : world.application(name)),
    };
    return hanging;
  };
  const seen = await watch(store, [running], { worldOf });
  await seen.goOn(10);
  dead = true;
  await seen.goOn(25);
  const { targets } = await seen.desk.show("shop", "up");
  expect(targets).toMatchObject([
    { target: "app-1", state: "raised", value: null, says: "unknown: it can't be looked at: no answer within 5000 ms" },
    { target: "burst-1", state: "ok", value: 1 },
  ]);
});

test("error lines of the logs are counted, each once", async () => {
  const errors = {
    name: "errors",
    when: {
      metric: "errorLines",
      over: 30,
      forSeconds: 0,
      withinSeconds: 20,
      pattern: "^ERROR",
      log: { file: "app.log" },
    },
  };
  const seen = await watch(store, [{ ...errors, on: { servers: ["app-1"] }, do: [notify("ops")] }]);
  const host = await seen.changing().provider.open("shop", "app-1");
  let log = "ERROR long ago\n".repeat(100);
  await host.putFile("app.log", log);
  await seen.goOn(20);
  expect(await stateOf(seen, "errors")).toEqual([["app-1", "ok"]]);
  log += "ERROR now\nall is well\n".repeat(20);
  await host.putFile("app.log", log);
  await seen.goOn(5);
  expect((await seen.desk.show("shop", "errors")).targets).toMatchObject([
    { state: "raised", value: 60, says: "60 per minute (20 lines)" },
  ]);
  await seen.goOn(25);
  expect(await stateOf(seen, "errors")).toEqual([["app-1", "ok"]]);
});

test("a synthetic alert goes the whole way, marked everywhere, and leaves nothing", async () => {
  const rule = {
    ...lag,
    do: [notify("ops"), { vote: "grow", group: "burst" }, { run: "kick" }, { pause: "upgrade" }],
    escalate: [{ afterSeconds: 3_600, do: [{ notify: { url: { credential: "hook" } } }] }],
  };
  const seen = await watch(store, [rule]);
  await seen.goOn(10);
  const view = await seen.desk.test("shop", "lag", { only: null, escalate: true, target: null });
  expect(drawAlertTest(view)).toEqual([
    'Synthetic alert "lag" of shop, db-2:',
    "  ✓ raised                   vote to grow burst: done: cast and read back",
    "  ✓ raised                   notify ops.example: done",
    "  ✓ raised                   run kick on db-2: done",
    "  – raised                   pause the upgrade: NOT PROVEN: no upgrade is under way",
    "  ✓ escalated                notify the address in credential hook: done",
    "  ✓ resolved                 vote to grow burst: taken back: done",
    "  ✓ resolved                 notify ops.example: done",
    "It was raised, did all of this, and was resolved.",
  ]);
  expect(seen.sent.map(({ to, message: { synthetic } }) => [to, synthetic])).toEqual([
    ["ops.example", true],
    ["hooks.example", true],
    ["ops.example", true],
  ]);
  expect(await votesFor(store, "shop", "burst")).toEqual([]);
  expect(await stateOf(seen, "lag")).toEqual([["db-2", "ok"]]);
  const log = await readActivity(store, { environment: "shop", by: "alert lag", limit: 50 });
  expect(log.filter(({ says }) => !says.startsWith("SYNTHETIC"))).toEqual([]);
  expect(log).toHaveLength(9);
  await seen.goOn(30);
  expect(seen.sent).toHaveLength(3);

  const only = await seen.desk.test("shop", "lag", { only: ["notify"], escalate: false, target: "db-2" });
  expect(only.results.map(({ action }) => action)).toEqual(["notify ops.example", "notify ops.example"]);
  await expect(seen.desk.test("shop", "lag", { only: null, escalate: false, target: "db-9" })).rejects.toThrow(
    /does not watch/,
  );
});

test("a synthetic alert says what was denied and what failed", async () => {
  const rule = {
    ...lag,
    escalate: [],
    resolve: [],
    do: [{ notify: { url: { credential: "gone" } } }, { run: "kick" }, { vote: "grow", group: "burst" }],
  };
  const seen = await watch(store, [rule], {
    parts: { runScript: async () => Promise.reject(new Error("no such script")) },
  });
  await seen.goOn(10);
  const failed = await seen.desk.test("shop", "lag", { only: ["notify", "run"], escalate: false, target: null });
  expect([failed.proven, failed.results.map(({ outcome }) => outcome)]).toEqual([false, ["failed", "failed"]]);
  expect(failed.results[1]?.why).toContain("no such script");
  await putLock(store, locked);
  const denied = await seen.desk.test("shop", "lag", { only: ["vote", "run"], escalate: false, target: null });
  expect([denied.proven, denied.results.map(({ action, outcome }) => `${action}: ${outcome}`)]).toEqual([
    false,
    ["run kick on db-2: denied", "vote to grow burst: denied"],
  ]);
  expect(await votesFor(store, "shop", "burst")).toEqual([]);
});

test("a control plane that dies in the middle leaves nothing undone, and nothing is told under another name", async () => {
  const rule = { ...lag, repeatEverySeconds: undefined, escalate: [], do: [notify("ops"), { run: "kick" }] };
  const [sentFirst, sent]: [string[], string[]] = [[], []];
  const never = new Promise<never>(() => {});
  const first = await watch(store, [rule]);
  first.write();
  first.site.database("db-2").lagMs = 1e9;
  const dying: LookParts = {
    ...first.parts,
    send(message) {
      sentFirst.push(message.id);
      return never;
    },
    runScript: () => never,
  };
  const next: LookParts = { ...first.parts, boot: 2, send: async (message) => void sent.push(message.id) };
  const looking = (parts: LookParts) => {
    const memory = freshWatch();
    return async (times: number): Promise<void> => {
      for (let look = 0; look < times; look += 1) {
        await first.site.clock.advance(5_000);
        const saved = await findEnvironment(store, "shop");
        const begun = saved ? await lookOnce(parts, saved, memory) : [];
        // Whoever dies in the middle ends nothing that it began.
        if (parts !== dying) await Promise.all(begun);
      }
    };
  };
  await looking(dying)(6);
  const lookNext = looking(next);
  await lookNext(10);
  expect([sentFirst.length, sent, first.scripts], "the first one may still live").toEqual([1, [], []]);
  await lookNext(10);
  expect([sent, first.scripts]).toEqual([sentFirst, []]);
  const { events } = await first.desk.show("shop", "lag");
  expect(events.map(({ event, outcome }) => `${event} ${outcome}`)).toEqual([
    "action failed",
    "action done",
    "raised null",
  ]);
  expect(drawAlertDetails(await first.desk.show("shop", "lag")).join("\n")).toContain(
    "FAILED: the control plane ended while it was done",
  );
});

test("of what happened the newest is kept, so many of each environment", async () => {
  await watch(store, [lag]);
  const entries = Array.from({ length: 1_200 }, (_, at) => ({
    event: "vote" as const,
    says: `line ${at}`,
    task: null,
  }));
  const about = { environment: "shop", alert: "lag", target: "db-2", at: 0, synthetic: false, boot: 1 };
  await recordEvents(store, { ...about, entries });
  const kept = await alertEvents(store, "shop", { limit: 2_000 });
  expect([kept.length, kept[0]?.says, kept.at(-1)?.says]).toEqual([1_000, "line 1199", "line 200"]);
});
