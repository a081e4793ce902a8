/** The law of environment files: whatever stands in one, it is refused at a line that it has, or it can be planned. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { parseEnvironment } from "../../src/model/environment-file.ts";
import type { Install } from "../../src/model/application.ts";
import { valuesOf } from "../../src/model/credential.ts";
import { readText } from "../../src/model/environment-text.ts";
import type { LoadBalancerSettings } from "../../src/model/load-balancer.ts";
import { planHash } from "../../src/model/plan.ts";
import { Problem } from "../../src/model/problem.ts";
import { planBringUp } from "../../src/plan/strategies/bring-up.ts";
import { checkSettings } from "../../src/model/load-balancer-check.ts";
import { definitionText } from "../../src/providers/runner/definition.ts";
import { checkPlan } from "../../src/run/layout.ts";
import { steps } from "../../src/steps/registry.ts";

const FILE = "shop.yaml";

const whole = `environment: shop
provider: { kind: local }
hosts: { public: shop.test, test: green.shop.test }
port: 8080
loadBalancers: 2
application:
  { name: shop, port: 8000, servers: 2, frontEnds: true, workers: 1, template: app@1,
    group: { name: burst, size: 1, min: 0, max: 3, enabled: true, growBy: 2, calmSeconds: 60, schedule: [{ days: [mon], at: "08:00", zone: Europe/Berlin, min: 1, max: 2 }] } }
addresses: { www: { address: 10.77.0.100, on: lb-2 }, shop: { address: 10.77.0.101 } }
database: { engine: mariadb, name: shop, user: shop, port: 3306 }
release: "1"
releases:
  "1": &first
    artefact: release-1
    build: make
    prepare: ./prepare.sh
    start: { web: ./web.sh, worker: ./worker.sh }
    migrate: ./migrate.sh
    inputs: { A: text, B: { credential: smtp } }
  "2": *first
checks:
  health: { path: /healthz, headers: { accept: "*/*" }, expect: { status: 200, body: ok } }
  read: [{ path: "/rows?a=1" }]
  write: { method: POST, path: "/rows?key={key}", body: "{}", expect: { status: 201 }, cleanUp: [{ path: "/x" }] }
maintenance: { page: page.html, retryAfterSeconds: 5 }
ledger: { write: { path: "/{key}" }, read: { path: / }, find: SELECT 1, writesPerSecond: 1, readsPerSecond: 0 }
alerts:
  - name: lag
    on: { servers: [db-2] }
    when: { metric: errorLines, over: 1, forSeconds: 10, clearSeconds: 5, withinSeconds: 30, pattern: "^E", log: { file: a } }
    do: [{ vote: grow, group: burst }, { notify: { url: { credential: hook }, secret: { credential: key } } }]
    escalate: [{ afterSeconds: 60, instead: true, do: [{ run: kick, server: app-1 }, { pause: upgrade }] }]
    repeatEverySeconds: 60
    resolve: [{ notify: { url: "https://x.test/a" } }]
names:
  server: { address: 127.0.0.1, port: 53 }
  zone: shop.test
  key: { name: mover, algorithm: hmac-sha256, credential: dns }
  ttlSeconds: 60
  public: [www.shop.test, shop.test]
  test: [test1.shop.test]
limits: { healthySeconds: 3, stopSeconds: 0.5, keepSeconds: 0, gateSeconds: 10 }
`;

/** What a file says of itself: it is a plan, or a problem with these words. */
type Verdict = "plans" | Problem;

function judge(bytes: Buffer): Verdict {
  try {
    const definition = parseEnvironment(readText(bytes, FILE), FILE);
    const artefacts = Object.fromEntries(Object.keys(definition.releases).map((name) => [name, "a".repeat(32)]));
    const plan = planBringUp({ definition, network: { prefix: "127.1.1" }, page: "<p>", artefacts });
    checkPlan(plan, steps);
    for (const { step, input } of plan.stages.flatMap((stage) => stage.steps)) {
      if (step === "start-load-balancer") checkSettings((input as { settings: LoadBalancerSettings }).settings);
      if (step === "install-release") runnable((input as { install: Install }).install);
    }
    planHash(plan);
    return "plans";
  } catch (error) {
    if (error instanceof Problem && error.text.at !== undefined) return error;
    throw error;
  }
}

/** As a host would be given it. */
function runnable({ start, prepare, inputs }: Install): void {
  const env = valuesOf(inputs, (name) => name);
  for (const command of [start.web, start.worker, prepare]) definitionText({ command: command ?? "", env, cwd: "/" });
}

function expectLawful(bytes: Buffer): Verdict {
  const verdict = judge(bytes);
  if (verdict === "plans") return verdict;
  const text = bytes.toString("latin1");
  const lines = Math.max(1, text.split("\n").length - (text.endsWith("\n") ? 1 : 0));
  expect(verdict.kind).toBe("bad-input");
  const places = [verdict.text.at ?? "", ...(verdict.text.why.match(/shop\.yaml:\d+/g) ?? [])];
  expect(places.length).toBeGreaterThan(1);
  for (const place of places) {
    const line = Number(/^shop\.yaml:(\d+)$/.exec(place)?.[1]);
    expect(line, place).toBeGreaterThanOrEqual(1);
    expect(line, place).toBeLessThanOrEqual(lines);
  }
  expect(verdict.message).not.toMatch(/\p{Cc}/u);
  expect(verdict.message.length).toBeLessThan(10_000);
  return verdict;
}

type Path = (string | number)[];

function pathsIn(value: unknown, at: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, held]) => pathsIn(held, [...at, key]))];
}

const allPaths = pathsIn(parse(whole)).filter(({ length }) => length > 0);

/** The file as data, changed at one place. */
function changed(path: Path, change: (holder: Record<string, unknown>, key: string) => void): string {
  const data = parse(whole) as Record<string, unknown>;
  const holder = path.slice(0, -1).reduce((at, key) => at[key] as Record<string, unknown>, data);
  change(holder, String(path.at(-1)));
  return stringify(data);
}

const odd = fc.oneof(
  fc.constantFrom<unknown>(null, true, [], {}, [[]], "", " ", "~", 0, -1, 0.1, 1e-9, 1e308, Infinity, Number.NaN),
  fc.constantFrom<unknown>(65_533, 65_534, 65_535, 65_536, 2 ** 53, "9".repeat(400), "\0", "a\nb", "\u001b[2J"),
  fc.constantFrom<unknown>("constructor", "toString", "__proto__", "{key}", "*x", "&x", "<<", "../..", "é", "a'b\"c"),
  fc.double(),
  fc.integer(),
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.anything({ maxDepth: 2, withNullPrototype: false, withBigInt: false }),
);
const place = fc.constantFrom(...allPaths);

const ofData = fc.oneof(
  place.map((path) => changed(path, (holder, key) => delete holder[key])),
  fc.tuple(place, odd).map(([path, value]) => changed(path, (holder, key) => Object.assign(holder, { [key]: value }))),
  fc
    .tuple(
      place,
      // A list can't be given another length like this.
      fc.string().filter((name) => name !== "length"),
      odd,
    )
    .map(([path, name, value]) =>
      changed(path, (holder) => Object.defineProperty(holder, name, { value, enumerable: true, configurable: true })),
    ),
);

const snippets = [
  "__proto__: { polluted: true }",
  "constructor: x",
  "<<: *first",
  "<<: { port: 1 }",
  "*first : x",
  "*nobody",
  "&a [*a]",
  "&a { b: *a }",
  "? [a, b]\n: c",
  "? { a: b }",
  "- a",
  "port: 1\nport: 2",
  "1: a\n'1': b",
  "---",
  "...",
  "--- {}\n---\n",
  "%YAML 1.1",
  "!!binary aGVsbG8=",
  "port: !!str 1",
  "x: !<tag:yaml.org,2002:set> { a, b }",
  "a: 2001-12-14t21:59:43.10-05:00",
  "port: 0x1F90",
  "port: 1_000",
  "port: 1e999",
  "port: .inf",
  "port: 123456789012345678901234567890",
  "\tport: 1",
  " port: 1",
  "# comment",
  "a: |\n  text\n b: 1",
  "a: >-\n",
  "a: 'open",
  'a: "\\x1b[31m\\u0000"',
  "\u0007\u001b[2J",
  "\u2028",
  "\ud800",
  "{",
  "]",
  ": ",
  "a: b: c",
];
const lineCount = whole.split("\n").length;

/** The file as text, changed between lines or within one. */
const ofText = fc
  .array(
    fc.oneof(
      fc.record({ kind: fc.constant("insert" as const), text: fc.constantFrom(...snippets) }),
      fc.record({ kind: fc.constant("insert" as const), text: fc.string({ unit: "binary", maxLength: 60 }) }),
      fc.record({ kind: fc.constantFrom("drop" as const, "twice" as const, "cut" as const), text: fc.constant("") }),
      fc.record({ kind: fc.constant("indent" as const), text: fc.constantFrom(" ", "   ", "\t") }),
      fc.record({ kind: fc.constant("outdent" as const), text: fc.constant("") }),
    ),
    { minLength: 1, maxLength: 3 },
  )
  .chain((changes) =>
    fc.array(fc.nat(lineCount - 1), { minLength: changes.length, maxLength: changes.length }).map((at) => {
      const lines = whole.split("\n");
      for (const [turn, { kind, text }] of changes.entries()) {
        const here = Math.min(at[turn] ?? 0, lines.length - 1);
        const line = lines[here] ?? "";
        if (kind === "insert") lines.splice(here, 0, text);
        else if (kind === "drop") lines.splice(here, 1);
        else if (kind === "twice") lines.splice(here, 0, line);
        else if (kind === "cut") lines.splice(here, lines.length, line.slice(0, line.length / 2));
        else lines[here] = kind === "indent" ? text + line : line.replace(/^ +/, "");
      }
      return lines.join("\n");
    }),
  );

const encodings: ((text: string) => Buffer)[] = [
  (text) => Buffer.from(`\ufeff${text}`),
  (text) => Buffer.from(`\ufeff${text}`, "utf16le"),
  (text) => Buffer.from(text, "utf16le"),
  (text) => Buffer.from(`# é\n${text}`, "latin1"),
  (text) => Buffer.from(text.replaceAll("\n", "\r\n")),
  (text) => Buffer.from(text.replaceAll("\n", "\r")),
];
const encoded = fc.tuple(fc.oneof(ofText, ofData), fc.constantFrom(...encodings)).map(([text, encode]) => encode(text));

test("the file that everything is made from can be planned", () => {
  expect(judge(Buffer.from(whole))).toBe("plans");
});

test.each([
  ["changed as data", ofData, 1_400],
  ["changed as text", ofText, 900],
  ["in other encodings", encoded, 200],
  ["of any bytes", fc.uint8Array({ maxLength: 200 }), 200],
] as const)(
  "every file %s is refused at one of its lines, or can be planned",
  (_what, files, numRuns) => {
    const verdicts = { plans: 0, refused: 0 };
    fc.assert(
      fc.property(files as fc.Arbitrary<string | Uint8Array>, (file) => {
        verdicts[expectLawful(Buffer.from(file as Uint8Array)) === "plans" ? "plans" : "refused"]++;
      }),
      { numRuns, seed: 1 },
    );
    expect(verdicts.refused).toBeGreaterThan(numRuns / 10);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  },
  120_000,
);

const laughs = (depth: number): string =>
  Array.from(
    { length: depth },
    (_, at) =>
      `l${at}: &l${at} [${Array(9)
        .fill(at === 0 ? "ha" : `*l${at - 1}`)
        .join(", ")}]`,
  ).join("\n");

test.each([
  ["nothing", ""],
  ["a line end", "\n"],
  ["only a byte order mark", "\ufeff"],
  ["a list", "- a\n- b\n"],
  ["a number", "42"],
  ["deep brackets", "[".repeat(20_000)],
  ["deep brackets that close", `a: ${"[".repeat(5_000)}${"]".repeat(5_000)}`],
  ["deep mappings", Array.from({ length: 2_000 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n")],
  ["a billion laughs", `${whole}${laughs(12)}`],
  ["a line of a megabyte", `${whole}x: ${"a".repeat(1_000_000)}`],
  ["a key of a megabyte", `${whole}${"a".repeat(1_000_000)}: 1`],
  ["a megabyte of quotes", `${whole}x: "${"\\n".repeat(500_000)}"`],
  ["a hundred thousand keys", `${whole}${Array.from({ length: 100_000 }, (_, n) => `k${n}:`).join("\n")}`],
  ["a hundred thousand aliases", `${whole}x: [${"*first,".repeat(100_000)}]`],
  ["two megabytes", "# ".repeat(1_000_000)],
])(
  "a file of %s is refused, and soon",
  (_what, text) => {
    const began = performance.now();
    expect(expectLawful(Buffer.from(text))).not.toBe("plans");
    expect(performance.now() - began).toBeLessThan(20_000);
  },
  30_000,
);
