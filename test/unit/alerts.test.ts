/** The small parts of alerts: what a file may say, how counters are compared, what is watched, and how it is told. */
import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { actionInWords, credentialsOfRule, readAction } from "../../src/model/alerts/action.ts";
import { count, countedWithin, type Tally } from "../../src/model/alerts/counting.ts";
import { messageOf, signatureOf } from "../../src/model/alerts/message.ts";
import { type AlertRule, alertsSchema } from "../../src/model/alerts/rule.ts";
import { conditionInWords, valueInWords } from "../../src/model/alerts/sample.ts";
import { sampleOf, watchedBy } from "../../src/model/alerts/sampling.ts";
import type { AlertSight, BalancerSight } from "../../src/model/alerts/sight.ts";
import { addUp } from "../../src/model/alerts/tallies.ts";
import { parseEnvironment } from "../../src/model/environment-file.ts";
import type { Problem } from "../../src/model/problem.ts";
import type { ServerKind, ServerRecord } from "../../src/model/provider.ts";

const AT = Date.UTC(2030, 0, 1);
const ruleOf = (rule: Record<string, unknown>): AlertRule =>
  alertsSchema.parse([{ name: "one", ...rule }])[0] as AlertRule;
const notify = { notify: { url: "https://ops.example/hook?token=abc" } };

const file = (alerts: string) => `environment: shop
hosts: { public: shop.test, test: green.shop.test }
application: { name: shop, group: { name: burst, size: 1 } }
database: { engine: mariadb, name: shop, user: shop }
release: "1"
releases: { "1": { artefact: a, start: { web: ./web } } }
checks: { health: { path: / } }
alerts:
${alerts}`;

const lag = "{ metric: lagTransactions, over: 1 }";

test.each([
  [
    "a rule of two lines",
    `  - { name: lag, when: ${lag} }\n  - { name: lag, when: ${lag} }`,
    10,
    "of this name already",
  ],
  ["neither over nor under", "  - { name: lag, when: { metric: lagTransactions } }", 9, "either over or under"],
  ["an unknown metric", "  - { name: lag, when: { metric: seconds_behind, over: 1 } }", 9, "alerts.0.when.metric"],
  ["lines without a pattern", "  - { name: lag, when: { metric: errorLines, over: 1 } }", 9, "has a pattern"],
  [
    "a pattern that is none",
    '  - { name: lag, when: { metric: errorLines, over: 1, pattern: "(" } }',
    9,
    "regular expression",
  ],
  [
    "two actions in one",
    `  - { name: lag, when: ${lag}, do: [{ run: x, pause: upgrade }] }`,
    9,
    "one of vote, notify, run and pause",
  ],
  ["a vote for nobody", `  - { name: lag, when: ${lag}, do: [{ vote: grow }] }`, 9, "belong together"],
  [
    "a group that is none",
    `  - { name: lag, when: ${lag}, do: [{ vote: grow, group: web }] }`,
    9,
    'no scaling group "web"',
  ],
  ["a place that is none", `  - name: lag\n    when: ${lag}\n    on: { pool: public }`, 11, "measured on servers"],
  [
    "a kind that it does not fit",
    `  - name: lag\n    when: ${lag}\n    on: { kind: application }`,
    11,
    "measured on: database",
  ],
  ["a message to nowhere", `  - { name: lag, when: ${lag}, do: [{ notify: { url: "ftp://x" } }] }`, 9, "http or https"],
  [
    "a script without a server",
    "  - { name: old, when: { metric: backupAgeHours, over: 1 }, do: [{ run: x }] }",
    9,
    "names the server",
  ],
  [
    "an escalation before its time",
    `  - name: lag\n    when: ${lag}\n    escalate:\n      - { afterSeconds: 60, do: [{ run: x }] }\n      - { afterSeconds: 60, do: [{ run: x }] }`,
    13,
    "must be more than 60",
  ],
])("%s is refused at its line", (_what, alerts, line, why) => {
  expect.assertions(2);
  try {
    parseEnvironment(file(alerts), "shop.yaml");
  } catch (error) {
    const { at, why: told } = (error as Problem).text;
    expect(at).toBe(`shop.yaml:${line}`);
    expect(told).toContain(why);
  }
});

test("a file without alerts has none, and one with all keys is taken", () => {
  expect(parseEnvironment(file("  []"), "shop.yaml").alerts).toEqual([]);
  const whole = `  - name: lag
    on: { servers: [db-2] }
    when: { metric: lagTransactions, over: 1, forSeconds: 0, clearSeconds: 1, withinSeconds: 5 }
    do:
      - { vote: grow, group: burst }
      - { notify: { url: { credential: hook }, secret: { credential: key } } }
      - { run: kick, server: app-1 }
      - { pause: upgrade }
    escalate: [{ afterSeconds: 60, instead: true, do: [{ run: kick }] }]
    repeatEverySeconds: 30
    resolve: [{ notify: { url: "http://127.0.0.1:1/" } }]`;
  const [rule] = parseEnvironment(file(whole), "shop.yaml").alerts;
  expect(credentialsOfRule(rule as AlertRule)).toEqual(["hook", "key"]);
});

test("counters are compared over time; one that went backwards began again at 0", () => {
  let tally: Tally | null = null;
  const look = (seconds: number, requests: number, failed: number) => {
    tally = count(tally, AT + seconds * 1000, { requests, failed }, "requests");
    return countedWithin(tally, 60_000);
  };
  expect(look(0, 1_000, 50), "how old the first count is, nobody knows").toBeNull();
  expect(look(5, 1_100, 51)).toEqual({ ms: 5_000, counts: { requests: 100, failed: 1 } });
  expect(look(10, 30, 3), "a restart: what it shows was counted since").toEqual({
    ms: 10_000,
    counts: { requests: 130, failed: 4 },
  });
  expect(look(15, 40, 2), "failed alone can waver by one").toEqual({
    ms: 15_000,
    counts: { requests: 140, failed: 4 },
  });
  expect(look(64, 40, 2)).toMatchObject({ counts: { requests: 140 } });
  expect(look(66, 41, 2), "what is older than the time is left out").toMatchObject({
    counts: { requests: 41 - 40 + 30 + 10 },
  });
  expect(look(80, 41, 2)).toMatchObject({ counts: { requests: 1 } });
  expect(look(800, 999, 9), "after a long time without a look it begins anew").toBeNull();
});

const server = (name: string, kind: ServerKind, labels: Record<string, string> = {}): ServerRecord => ({
  ...{ environment: "shop", name, kind, labels },
  address: `10.0.0.${name.length}${name.at(-1)}`,
});
const member = (name: string, over = {}) => ({
  ...{ server: name, address: "10.0.0.1", port: 80, state: "ready" as const, healthy: true, sessions: 1 },
  ...over,
});
const balancer = (over: Partial<BalancerSight> = {}): { seen: BalancerSight } => ({
  seen: {
    routes: { public: "a", test: null },
    paged: false,
    members: { a: [member("app-1"), member("app-2")], b: [] },
    endpoints: { a: { address: server("db-1", "database").address, port: 3306 }, b: null },
    traffic: { requests: 0, paged: 0, held: 0, failed: 0 },
    answers: [],
    ...over,
  },
});
const sight = (over: Partial<AlertSight> = {}): AlertSight => ({
  at: AT,
  busy: false,
  records: [
    ...[server("lb-1", "load-balancer"), server("lb-2", "load-balancer")],
    ...[server("app-1", "application", { slot: "a" }), server("app-2", "application", { slot: "a", group: "burst" })],
    ...[
      server("app-3", "application", { slot: "b" }),
      server("app-4", "application", { slot: "a", kept: "diagnosis" }),
    ],
    ...[server("db-1", "database"), server("db-2", "database"), server("db-3", "database", { role: "standby" })],
  ],
  balancers: { "lb-1": balancer(), "lb-2": balancer() },
  ...{ web: {}, databases: {}, lags: {}, disks: {}, lines: {}, backup: null },
  ...over,
});

test("what is in service is watched, or what the rule names", () => {
  const watched = (metric: string, on = {}) =>
    watchedBy(ruleOf({ on, when: { metric, over: 1, ...(metric === "errorLines" ? { pattern: "x" } : {}) } }), sight());
  expect(watched("sessions")).toEqual(["app-1", "app-2"]);
  expect(watched("sessions", { group: "burst" })).toEqual(["app-2"]);
  expect(watched("running", { kind: "database" })).toEqual(["db-1", "db-2"]);
  expect(watched("lagTransactions")).toEqual(["db-2"]);
  expect(watched("errorLines", { servers: ["app-9"] })).toEqual(["app-9"]);
  expect([watched("poolHealthy"), watched("backupAgeHours")]).toEqual([["public pool"], ["environment"]]);
  const blind = sight({ balancers: { "lb-1": { unknown: "gone" } } });
  expect(watchedBy(ruleOf({ when: { metric: "follows", under: 1 } }), blind), "nobody knows the primary").toBeNull();
  const named = ruleOf({ on: { servers: ["app-9"] }, when: { metric: "sessions", over: 1 } });
  expect(sampleOf(named, "app-9", sight(), new Map())).toMatchObject({
    value: null,
    note: 'there is no server "app-9"',
  });
});

test("a pool is as good as the load balancer says that sees fewest; one that can't be asked says nothing", () => {
  const half = balancer({ members: { a: [member("app-1"), member("app-2", { healthy: false })], b: [] } });
  const percent = ruleOf({ when: { metric: "poolHealthyPercent", under: 100 } });
  const of = (over: Partial<AlertSight>) => sampleOf(percent, "public pool", sight(over), new Map());
  expect(of({ balancers: { "lb-1": balancer(), "lb-2": half } })).toEqual({
    at: AT,
    value: 50,
    note: "1 of 2 on lb-2",
  });
  expect(of({ balancers: { "lb-1": balancer(), "lb-2": { unknown: "gone" } } })).toMatchObject({ value: 100 });
  expect(of({ balancers: { "lb-1": { seen: null }, "lb-2": { unknown: "gone" } } })).toMatchObject({ value: null });
  expect(of({ balancers: { "lb-1": balancer({ members: { a: [], b: [] } }) } })).toMatchObject({ value: 0 });
  const healthy = ruleOf({ when: { metric: "healthy", under: 100 } });
  expect(sampleOf(healthy, "app-2", sight({ balancers: { "lb-1": balancer(), "lb-2": half } }), new Map())).toEqual({
    ...{ at: AT, value: 50, note: "1 of 2" },
  });
});

test("the answers of a server are those through all load balancers; of none, none failed", () => {
  const share = ruleOf({ when: { metric: "errorPercent", over: 5 } });
  const look = (at: number, first: [number, number], second: [number, number]) => {
    const answers = ([all, errors]: [number, number]) =>
      balancer({ answers: [{ server: "app-1", answers: all, errors, latencyMs: null }] });
    return sight({ at, balancers: { "lb-1": answers(first), "lb-2": answers(second) } });
  };
  let tallies = addUp(new Map(), look(AT, [100, 0], [100, 0]));
  expect(sampleOf(share, "app-1", sight(), tallies), "one look tells nothing").toBeNull();
  const quiet = look(AT + 5_000, [100, 0], [100, 0]);
  tallies = addUp(tallies, quiet);
  expect(sampleOf(share, "app-1", quiet, tallies)).toMatchObject({ value: 0, note: "0 of 0 answers" });
  const busy = look(AT + 10_000, [110, 5], [110, 0]);
  tallies = addUp(tallies, busy);
  expect(sampleOf(share, "app-1", busy, tallies)).toMatchObject({ value: 25, note: "5 of 20 answers" });
  const rate = ruleOf({ when: { metric: "answersPerSecond", over: 5 } });
  expect(sampleOf(rate, "app-1", busy, tallies)).toMatchObject({ value: 2 });
});

test("a member that is new since the last look was counted from 0", () => {
  const rate = ruleOf({ when: { metric: "errorsPerSecond", over: 5 } });
  const before = sight({ balancers: { "lb-1": balancer() } });
  const after = sight({
    at: AT + 10_000,
    balancers: { "lb-1": balancer({ answers: [{ server: "app-1", answers: 80, errors: 50, latencyMs: null }] }) },
  });
  expect(sampleOf(rate, "app-1", after, addUp(addUp(new Map(), before), after))).toMatchObject({ value: 5 });
});

test("values, conditions and actions are told in words, without what an address hides", () => {
  expect(conditionInWords(ruleOf({ when: { metric: "failedPercent", over: 2.5 } }).when)).toBe(
    "failedPercent over 2.5 for 60 s",
  );
  expect(valueInWords("follows", { value: 0, note: "Duplicate entry" })).toBe("no (Duplicate entry)");
  expect(valueInWords("failedPercent", { value: 1 / 3, note: "" })).toBe("0.33 %");
  expect(valueInWords("lagTransactions", { value: null, note: "gone" })).toBe("unknown: gone");
  const [told] = ruleOf({ when: { metric: "running", under: 1 }, do: [notify] }).do;
  expect(told && actionInWords(readAction(told))).toBe("notify ops.example");
});

test("a message says what happened, and its signature is made of its time and its text", () => {
  const rule = ruleOf({ when: { metric: "running", under: 1 } });
  const sample = { at: AT, value: 0, note: "failing", synthetic: true as const };
  const about = { environment: "shop", rule, target: "app-1", sample, raisedAt: AT, at: AT + 1_000 };
  const message = messageOf(about, "id-1", "raised");
  expect(message).toMatchObject({
    id: "id-1",
    event: "raised",
    synthetic: true,
    value: 0,
    at: "2030-01-01T00:00:01.000Z",
  });
  expect(message.says).toMatch(
    /^SYNTHETIC \(a test, nothing is wrong\): alert "one" of shop, app-1: raised, running is no \(failing\)/,
  );
  const signed = createHmac("sha256", "key").update(`1893456001.{}`).digest("hex");
  expect(signatureOf("{}", "key", AT + 1_000)).toBe(`t=1893456001,v1=${signed}`);
});
