/** What the reader of environment files says about mistakes: each with its place, all of them at once. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseEnvironment } from "../../src/model/environment-file.ts";
import { Problem } from "../../src/model/problem.ts";

const good = `environment: shop
hosts:
  public: shop.test
  test: green.shop.test
application:
  name: shop
database: { engine: mariadb, name: shop, user: shop }
release: "1"
releases:
  "1":
    artefact: release-1
    start: { web: ./web.sh }
checks:
  health: { path: /healthz }
`;

function mistakes(text: string): Problem {
  try {
    parseEnvironment(text, "shop.yaml");
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error("it found nothing");
}
const changed = (from: string, to: string): string => {
  expect(good).toContain(from);
  return good.replace(from, to);
};

test("a short file is enough; everything else has a default", () => {
  const read = parseEnvironment(good, "shop.yaml");
  expect(read).toMatchObject({
    provider: { kind: "local" },
    port: 8080,
    loadBalancers: 2,
    application: { port: 8000, servers: 2, workers: 1 },
    database: { port: 3306 },
    checks: { health: { method: "GET", expect: { status: 200 } }, read: [] },
    maintenance: { retryAfterSeconds: 5 },
    limits: { migrateSeconds: 600, keepSeconds: 0 },
  });
});

test.each(["major", "bring-your-own", "directus", "directus-minor", "wordpress"])(
  "the example %s has no mistake",
  (name) => {
    const path = join(import.meta.dirname, "../../examples", name, "environment.yaml");
    expect(parseEnvironment(readFileSync(path, "utf8"), path).environment).toMatch(/^[a-z-]+$/);
  },
);

test.each([
  [
    "an unknown key",
    changed("  name: shop\n", "  name: shop\n  serverz: 3\n"),
    7,
    "application.serverz: there is no such key",
  ],
  ["an unknown key at the top", `${good}colour: red\n`, 15, "colour: there is no such key"],
  ["a wrong type", changed("  name: shop\n", "  name: shop\n  servers: two\n"), 7, "application.servers: "],
  ["a number out of its range", `port: 99999\n${good}`, 1, "port: "],
  ["another engine", changed("engine: mariadb", "engine: oracle"), 7, "database.engine: "],
  ["a path that is none", changed("path: /healthz", "path: healthz"), 14, "checks.health.path: "],
  [
    "a time without its zone",
    `${good}freezes: [{ from: 2026-12-20T00:00:00, to: 2026-12-20T01:00:00Z, why: x }]\n`,
    15,
    "freezes.0.from: must be a time with its zone",
  ],
  [
    "a zone that is none",
    `${good}windows: [{ days: [sat], from: "02:00", to: "06:00", zone: Mars/Olympus }]\n`,
    15,
    "windows.0.zone: must be a time zone",
  ],
  ["a name in capitals", changed("environment: shop", "environment: Shop"), 1, "environment: must be lower case"],
])("%s is told with its line", (_what, text, line, why) => {
  const problem = mistakes(text);
  expect(problem.kind).toBe("bad-input");
  expect(problem.text).toMatchObject({ what: "the environment file has a mistake", at: `shop.yaml:${line}` });
  expect(problem.text.why).toContain(`shop.yaml:${line} ${why}`);
  expect(problem.text.next).toContain("mend the line");
});

test("a missing section is told at the place where it is missing", () => {
  expect(mistakes(good.replace(/checks:\n.*\n/, "")).text.why).toMatch(/^shop\.yaml:1 checks: /);
  expect(mistakes(changed("    artefact: release-1\n", "")).text.why).toMatch(
    /^shop\.yaml:1[012] releases\.1\.artefact: /,
  );
  expect(mistakes("").text.what).toMatch(/has \d+ mistakes/);
});

const onHosts = (hosts: string, more = "") =>
  `provider: { kind: ssh, ${hosts}, user: root, identityFile: key, knownHosts: known, directory: /srv }\n${more}${good}`;
const ten = Array.from({ length: 10 }, (_, at) => `10.77.1.${at + 1}`).join(", ");

test("servers are on one machine or on one each, and the list may be longer than what serves", () => {
  const hosts = parseEnvironment(
    onHosts(`hosts: [${ten}]`, "addresses: { www: { address: 10.77.0.9, on: lb-2 } }\n"),
    "x",
  );
  expect(hosts.provider).toMatchObject({ kind: "ssh", port: 22, hosts: expect.arrayContaining(["10.77.1.10"]) });
  expect(hosts.addresses).toEqual({ www: { address: "10.77.0.9", on: "lb-2" } });
  expect(parseEnvironment(onHosts("host: far.test"), "x").provider).toMatchObject({ host: "far.test" });
});

test.each([
  ["neither host nor hosts", onHosts("port: 22"), "provider.kind: needs either host"],
  ["both of them", onHosts(`host: far.test, hosts: [${ten}]`), "provider.hosts: needs either host"],
  ["a host twice", onHosts(`hosts: [${ten}, 10.77.1.1]`), "provider.hosts.10: stands there twice"],
  ["no address", onHosts("hosts: [far.test]"), "provider.hosts.0: "],
  [
    "too few hosts",
    onHosts("hosts: [10.77.1.1, 10.77.1.2]"),
    "2 load balancers, 2 application servers and 2 databases need 6 hosts, and here are 2; an upgrade needs 10, as new servers stand beside the old",
  ],
  [
    "too few hosts for front ends",
    onHosts("hosts: [10.77.1.1, 10.77.1.2, 10.77.1.3]").replace("name: shop\n", "name: shop\n  frontEnds: true\n"),
    "2 front ends and 2 databases need 4 hosts, and here are 3; an upgrade needs more, as new servers stand",
  ],
  ["an address that is a host's own", onHosts(`hosts: [${ten}]`, "addresses: { w: { address: 10.77.1.2 } }\n"), "own"],
  ["an address with two names", `addresses: { a: { address: 10.0.0.1 }, b: { address: 10.0.0.1 } }\n${good}`, "has it"],
  ["more than there are load balancers", `addresses: { a: { address: 10.0.0.1, on: 3 } }\n${good}`, "there are 2"],
  ["a load balancer of another name", `addresses: { a: { address: 10.0.0.1, on: web } }\n${good}`, "addresses.a.on: "],
])("of hosts and addresses is refused: %s", (_what, text, why) => {
  expect(mistakes(text).text.why).toContain(why);
});

test.each([
  ["the release is not there", changed('release: "1"', 'release: "9"'), 'release "9" is not among the releases', 8],
  ["both hosts are one", changed("green.shop.test", "shop.test"), "must differ from hosts.public", 4],
  [
    "more workers than servers",
    changed("  name: shop\n", "  name: shop\n  workers: 3\n"),
    "there are only 2 servers",
    7,
  ],
  [
    "a ledger whose writes can't be told apart",
    `${good}ledger:\n  write: { path: /orders }\n  read: { path: / }\n  find: SELECT 1\n`,
    "must carry {key}",
    16,
  ],
  [
    "a freeze that ends before it begins",
    `${good}freezes:\n  - { from: 2026-12-20T00:00:00Z, to: 2026-12-20T01:00:00+02:00, why: a sale }\n`,
    "freezes.0: ends before it begins",
    16,
  ],
  ["an announcement with an unknown place", `${good}announcement: see {url}\n`, "nobody knows what {url} is", 15],
  [
    "the head of a template",
    changed("  name: shop\n", "  name: shop\n  template: app\n"),
    'application.template: is the head of "app": name a revision (app@1), or set policy.templates: any',
    7,
  ],
  [
    "an image without a template",
    changed("  name: shop\n", "  name: shop\n  image: debian-12\n"),
    "application.image: means nothing without application.template",
    7,
  ],
  [
    "a group whose first size is beyond its most",
    changed("  name: shop\n", "  name: shop\n  group: { name: burst, size: 5, min: 1, max: 4 }\n"),
    "application.group.size: must be from min to max, 1 to 4",
    7,
  ],
  [
    "a group that is to be at least more than at most",
    changed("  name: shop\n", "  name: shop\n  group: { name: burst, size: 2, min: 3 }\n"),
    "application.group.min: 3 is more than max, 2",
    7,
  ],
  [
    "a change of a group's schedule that can't be",
    changed(
      "  name: shop\n",
      "  name: shop\n  group:\n    name: burst\n    size: 2\n    schedule:\n      - { days: [mon], at: '08:00', min: 4, max: 3 }\n",
    ),
    "application.group.schedule.0.min: 4 is more than its max, 3",
    11,
  ],
  [
    "front ends that are not one load balancer and one server each",
    changed("  name: shop\n", "  name: shop\n  servers: 3\n  frontEnds: true\n"),
    "application.frontEnds: there are 2 load balancers and 3 servers, and a front end is one of each",
    8,
  ],
  [
    "an application that would take the port of the load balancer beside it",
    changed("  name: shop\n", "  name: shop\n  frontEnds: true\n  port: 3308\n"),
    "application.port: must differ from the load balancer's beside it: 8080, 3307, 3308",
    8,
  ],
  ["a staging that is itself", `${good}staging: shop\n`, "must be another environment", 15],
])("keys are checked against each other: %s", (_what, text, why, line) => {
  const { text: said } = mistakes(text);
  expect(said.why).toContain(why);
  expect(said.at).toBe(`shop.yaml:${line}`);
});

test("front ends are as many as load balancers, and their hosts are counted once", () => {
  const four = onHosts("hosts: [10.77.1.1, 10.77.1.2, 10.77.1.3, 10.77.1.4]");
  expect(mistakes(four).text.why).toContain("need 6 hosts");
  const read = parseEnvironment(four.replace("name: shop\n", "name: shop\n  frontEnds: true\n"), "x");
  expect(read.application).toMatchObject({ servers: 2, frontEnds: true });
  expect(parseEnvironment(good, "x").application.frontEnds).toBe(false);
});

test("a revision of a template is taken, and its head where the policy lets it be", () => {
  const of = (template: string, policy = "") =>
    parseEnvironment(changed("  name: shop\n", `  name: shop\n  template: ${template}\n`) + policy, "shop.yaml");
  expect(of("app@3").application.template).toBe("app@3");
  expect(of("app", "policy: { templates: any }\n").application.template).toBe("app");
  expect(() => of("app@0")).toThrow("must be NAME@REVISION");
});

test("a ledger may carry its key in path, headers or body, and a group counts as servers", () => {
  const ledger = (write: string) => `${good}ledger:\n  write: ${write}\n  read: { path: / }\n  find: SELECT 1\n`;
  for (const write of [
    "{ path: '/o?k={key}' }",
    "{ path: /, headers: { k: '{key}' } }",
    "{ path: /, body: '{key}' }",
  ]) {
    expect(() => parseEnvironment(ledger(write), "shop.yaml")).not.toThrow();
  }
  const grouped = changed("  name: shop\n", "  name: shop\n  workers: 3\n  group: { name: burst, size: 1 }\n");
  expect(parseEnvironment(grouped, "shop.yaml").application.workers).toBe(3);
});

test("every mistake is told at once, each with its own line", () => {
  const { text } = mistakes(changed("environment: shop", "environment: Shop\ncolour: red\nport: many"));
  expect(text.what).toBe("the environment file has 3 mistakes");
  expect(
    text.why
      .split("; ")
      .map((one) => one.split(" ")[0])
      .sort(),
  ).toEqual(["shop.yaml:1", "shop.yaml:2", "shop.yaml:3"]);
});

test("text that is no YAML is told with its line", () => {
  expect(mistakes(`${good}ledger: [\n`).text.at).toMatch(/^shop\.yaml:1[56]$/);
  expect(mistakes("environment: shop\nenvironment: again\n").text.at).toBe("shop.yaml:2");
});
