/** Each guard of a plan: it holds in a healthy environment, and names what it finds in one that is not. */
import { beforeAll, describe, expect, test } from "vitest";
import { commands } from "../../src/cli/program.ts";
import { type EnvironmentDefinition, environmentSchema } from "../../src/model/environment.ts";
import type { Inventory } from "../../src/model/inventory.ts";
import type { Readiness } from "../../src/model/readiness.ts";
import { readInventory } from "../../src/observe/inventory.ts";
import { readReadiness } from "../../src/observe/readiness.ts";
import { readBlue } from "../../src/plan/blue.ts";
import { neededGuards, otherGuards } from "../../src/plan/guards/all.ts";
import { ask, type Circumstances, type Facts, type Guard } from "../../src/plan/guards/guard.ts";
import { likenessOf } from "../../src/plan/likeness.ts";
import { planUpgrade } from "../../src/plan/plan-upgrade.ts";
import { planMajor } from "../../src/plan/strategies/major/major.ts";
import { bringUp } from "../laws/run.ts";
import { artefacts, network, shop } from "../laws/shop.ts";

const HOUR = 3_600_000;
const NOW = Date.parse("2026-06-10T12:00:00Z");
const guards = [...neededGuards, ...otherGuards] as readonly Guard[];

let healthy: Inventory;
let ready: Readiness;
beforeAll(async () => {
  const { world } = await bringUp();
  healthy = await readInventory(world);
  const asked = { primary: "db-1", replicas: ["db-2"], longSeconds: 30, withinMs: 1_000 };
  ready = await readReadiness(world, healthy, asked);
});

interface Change {
  to?: string;
  definition?: EnvironmentDefinition;
  /** Changes what is seen. */
  seen?: (seen: Inventory) => void;
  /** Changes everything else. */
  around?: (around: Circumstances) => void;
}

function made({ to = "2", definition = shop, seen, around }: Change) {
  const inventory = structuredClone(healthy);
  seen?.(inventory);
  const circumstances: Circumstances = {
    now: NOW,
    at: null,
    other: null,
    locks: [],
    overrides: [],
    readiness: structuredClone(ready),
    drift: [],
    newestVerifiedBackupAt: NOW - HOUR,
    artefact: { hash: artefacts["2"], served: [], git: { changes: [] } },
    groupSize: null,
    accepted: [],
    shared: [],
  };
  around?.(circumstances);
  return { input: { definition, network, inventory, to, artefacts, failAt: null }, circumstances };
}

function factsOf(change: Change): Facts {
  const { input, circumstances } = made(change);
  const wish = { definition: input.definition, blue: readBlue(input.inventory), to: input.to };
  const possible = ask(neededGuards, wish).every(({ result }) => result === "holds");
  return { ...wish, ...circumstances, plan: possible ? planMajor(input) : null };
}

const first = <T>(items: T[]): T => {
  const [item] = items;
  if (!item) throw new Error("there is none");
  return item;
};
const balancer = (seen: Inventory) => first(seen.loadBalancers);
const database = (seen: Inventory, name: string) =>
  first(seen.databases.filter(({ record }) => record.name === name)).health;
const about = (around: Circumstances, name: string) => {
  const known = around.readiness.databases[name];
  if (!known) throw new Error(`nothing is known of ${name}`);
  return known;
};
const withFile = (more: object): EnvironmentDefinition => environmentSchema.parse({ ...shop, ...more });
const withoutMigration = (): EnvironmentDefinition => {
  const releases = structuredClone(shop.releases);
  delete releases["2"]?.migrate;
  return { ...shop, releases };
};
const nights = [{ days: ["wed"], from: "23:00", to: "01:00", zone: "UTC" }];

const cases: Record<string, Change & { why: string }> = {
  "the release is known": { to: "9", why: 'release "9" is not among 1, 2, 3' },
  "the release is another one": { to: "1", why: "release 1 is what serves now" },
  "the release migrates": { definition: withoutMigration(), why: "release 2 has no migrate command" },
  "no front end has to be split": {
    definition: { ...shop, application: { ...shop.application, frontEnds: true } },
    why: "while the old application servers stand beside them",
  },
  "every load balancer runs": {
    seen: (seen) => {
      balancer(seen).running = false;
    },
    why: "down: lb-1",
  },
  "nothing is held or paged": {
    seen: (seen) => {
      balancer(seen).maintenance = true;
    },
    why: "the public does not pass lb-1",
  },
  "nothing is left of an earlier upgrade": {
    seen: (seen) => {
      balancer(seen).testers = 1;
    },
    why: "lb-1",
  },
  "every old server is healthy in every pool": {
    seen: (seen) => {
      first(balancer(seen).members.a).healthy = false;
    },
    why: "not healthy: app-1 on lb-1",
  },
  "one writable primary": {
    seen: (seen) => {
      database(seen, "db-2").writable = true;
    },
    why: "writable: db-1, db-2",
  },
  "a replica follows the primary": {
    seen: (seen) => {
      database(seen, "db-2").following = "127.9.9.9";
    },
    why: "no replica replicates from the primary",
  },
  "no other upgrade is on its way": {
    around: (around) => {
      around.other = { id: "u-7", state: "running" };
    },
    why: '"u-7" is running',
  },
  "nothing is locked": {
    around: (around) => {
      around.locks = [{ environment: "shop", server: "app-1", reason: "audit", by: "anna", at: NOW }];
    },
    why: 'server "app-1" is locked by anna since 2026-06-10T12:00:00.000Z: audit',
  },
  "no input is overridden": {
    around: (around) => {
      const lease = { by: "anna", why: "a trial", since: NOW - 2 * HOUR, until: NOW + 22 * HOUR };
      around.overrides = [{ level: "server", owner: "app-3", input: "MODE", ...lease }];
    },
    why: 'MODE of server "app-3", overridden by anna (a trial), 2 h old, ends in 22 h',
  },
  "there are as many old servers as the file says": {
    definition: withFile({ application: { ...shop.application, servers: 2 } }),
    why: "2 of 3 serve and are healthy",
  },
  "the environment is as its file says": {
    around: (around) => {
      const next = "changeover up shop.yaml";
      around.drift = [
        { where: "workers", wanted: "1", seen: "0", next, heals: true },
        { where: "shop.yaml", wanted: "what was saved", seen: "limits.keepSeconds changed", next, heals: false },
      ];
    },
    why: "shop.yaml: limits.keepSeconds changed",
  },
  "the replica is in sync": {
    around: (around) => {
      around.readiness.sync["db-2"] = { position: "0-1-7", reached: false, withinMs: 5_000, error: null };
    },
    why: "db-2 did not reach position 0-1-7 of db-1 within 5 s",
  },
  "the replica applies several transactions at once": {
    around: (around) => {
      about(around, "db-2").applierThreads = 1;
    },
    why: "single-threaded: db-2",
  },
  "no transaction is open for long": {
    around: (around) => {
      const detail = "connection 12 from 127.0.0.1, Sleep, 3 rows changed";
      about(around, "db-1").longTransactions = [{ seconds: 61, user: "shop", detail }];
    },
    why: "on db-1: shop for 61 s (connection 12 from 127.0.0.1, Sleep, 3 rows changed)",
  },
  "a backup is verified": {
    definition: withFile({ policy: { verifiedBackupHours: 24 } }),
    around: (around) => {
      around.newestVerifiedBackupAt = NOW - 25 * HOUR;
    },
    why: "the newest is 25.0 h old; the policy wants one of 24 h",
  },
  "the disks have room for every copy": {
    around: (around) => {
      for (const name of ["db-1", "db-2"]) about(around, name).disk.freeBytes = 4_900_000;
    },
    why: "memory: 5 copies at once take 0.005 GB, 0.005 GB are free",
  },
  "the release is committed": {
    definition: withFile({ policy: { artefacts: "committed" } }),
    around: (around) => {
      around.artefact.git = { changes: ["web.js"] };
    },
    why: "not committed in the folder of release 2: web.js",
  },
  "the release has not changed": {
    around: (around) => {
      around.artefact.served = ["f".repeat(32)];
    },
    why: "a release never changes",
  },
  "nothing is shared with another environment": {
    around: (around) => {
      around.shared = ["input live.test: shop.yaml:9 here, live.yaml:3 of live"];
    },
    why: "input live.test: shop.yaml:9 here",
  },
  "staging has accepted the plan": {
    definition: withFile({ staging: "stage" }),
    why: 'ended well on "stage"',
  },
  "the window is open": {
    definition: withFile({ windows: nights }),
    why: "2026-06-10T12:00:00.000Z is outside of wed 23:00–01:00 UTC",
  },
};

const words = new Set(commands.flatMap(({ names }) => names));

/** Every command that a text names. */
const commandsIn = (text: string): string[] => [...text.matchAll(/\bchangeover (\w+)/g)].map(([, word = ""]) => word);

test("in a healthy environment every guard holds, and each is told", () => {
  const { input, circumstances } = made({});
  const { plan, guards: told } = planUpgrade(input, circumstances);
  expect(plan.to).toBe("2");
  expect(told.map(({ name }) => name)).toEqual(guards.map(({ name }) => name));
  expect(told.filter(({ result }) => result !== "holds")).toEqual([]);
});

test("every guard has a name of its own and a case here", () => {
  expect(Object.keys(cases).sort()).toEqual(guards.map(({ name }) => name).sort());
});

describe.each(Object.entries(cases))("guard: %s", (name, { why, ...change }) => {
  test("finds it, says why and what comes next, and refuses the plan", () => {
    const finding = guards.find((guard) => guard.name === name)?.finds(factsOf(change));
    expect(finding?.severity).toBe("refuses");
    expect(finding?.why).toContain(why);
    expect(finding?.next).not.toBe("");
    expect(commandsIn(finding?.next ?? "").filter((word) => !words.has(word))).toEqual([]);
    const { input, circumstances } = made(change);
    expect(() => planUpgrade(input, circumstances)).toThrow(`guard "${name}": ${finding?.why}`);
  });
});

const resultOf = (name: string, change: Change) => {
  const guard = guards.find((one) => one.name === name);
  return guard?.finds(factsOf(change)) ?? null;
};

test("held requests, a test route and old members are found as well", () => {
  const holds = (seen: (seen: Inventory) => void, name: string) => resultOf(name, { seen }) === null;
  const left = "nothing is left of an earlier upgrade";
  expect(holds((seen) => Object.assign(balancer(seen), { held: true }), "nothing is held or paged")).toBe(false);
  expect(holds((seen) => Object.assign(balancer(seen).routes, { test: "b" }), left)).toBe(false);
  expect(holds((seen) => balancer(seen).members.b.push(first(balancer(seen).members.a)), left)).toBe(false);
  const health = "every old server is healthy in every pool";
  expect(holds((seen) => balancer(seen).members.a.pop(), health)).toBe(false);
  expect(holds((seen) => Object.assign(first(balancer(seen).members.a), { state: "drain" }), health)).toBe(false);
  expect(holds((seen) => Object.assign(database(seen, "db-1"), { writable: false }), "one writable primary")).toBe(
    false,
  );
  const follows = "a replica follows the primary";
  expect(holds((seen) => Object.assign(database(seen, "db-2"), { replicating: false }), follows)).toBe(false);
});

test("what the policy does not forbid is a warning, which stops nothing", () => {
  const around = (change: (around: Circumstances) => void) => ({ around: change });
  const warned: [string, Change][] = [
    ["a backup is verified", around((it) => Object.assign(it, { newestVerifiedBackupAt: null }))],
    ["the release is committed", around((it) => Object.assign(it.artefact, { git: { changes: ["a"] } }))],
    ["the release is committed", around((it) => Object.assign(it.artefact, { git: { trouble: "dubious" } }))],
    [
      "the environment is as its file says",
      around((it) => it.drift.push({ where: "workers", wanted: "1", seen: "0", next: "-", heals: true })),
    ],
    // Five copies fit, and not what two servers may log besides.
    [
      "the disks have room for every copy",
      around((it) => {
        for (const name of ["db-1", "db-2"]) about(it, name).disk.freeBytes = 6_900_000;
      }),
    ],
  ];
  for (const [name, change] of warned) {
    expect([name, resultOf(name, change)?.severity]).toEqual([name, "warns"]);
    const { input, circumstances } = made(change);
    const told = planUpgrade(input, circumstances).guards.filter(({ result }) => result !== "holds");
    expect(told).toMatchObject([{ name, result: "warns" }]);
  }
  const nowhere = around((it) => Object.assign(it.artefact, { git: null }));
  expect(resultOf("the release is committed", nowhere)).toBe(null);
  const strict = { ...nowhere, definition: withFile({ policy: { artefacts: "committed" } }) };
  expect(resultOf("the release is committed", strict)?.why).toContain("in no git work tree");
});

test("servers on disks of their own need only what is copied there", () => {
  const around = (it: Circumstances) => {
    Object.assign(about(it, "db-1").disk, { fileSystem: "one", freeBytes: 2_900_000 });
    Object.assign(about(it, "db-2").disk, { fileSystem: "other", freeBytes: 9_000_000 });
  };
  const finding = resultOf("the disks have room for every copy", { around });
  // The standby, the snapshot before the migration, and the spare on which that is started.
  expect(finding).toMatchObject({ severity: "refuses", why: expect.stringContaining("one: 3 copies at once") });
});

test("a plan that went well in staging is accepted, another one is not", () => {
  const definition = withFile({ staging: "stage" });
  const { input } = made({ definition });
  const accepted = (likeness: string) => (around: Circumstances) => {
    around.accepted = ["0".repeat(16), likeness];
  };
  const name = "staging has accepted the plan";
  expect(resultOf(name, { definition, around: accepted(likenessOf(planMajor(input))) })).toBe(null);
  const other = planMajor({ ...input, artefacts: { ...artefacts, "2": "d".repeat(64) } });
  expect(resultOf(name, { definition, around: accepted(likenessOf(other)) })?.severity).toBe("refuses");
});

test.each([
  ["inside of a window", "2026-06-10T23:30:00Z", null],
  ["after midnight", "2026-06-11T00:59:59Z", null],
  ["too late", "2026-06-11T01:00:00Z", "is outside of"],
  ["over", "2026-06-10T11:00:00Z", "is over"],
  ["too far away", "2026-06-24T23:30:00Z", "is more than 14 days away"],
  ["in a freeze", "2026-06-17T23:30:00Z", "frozen until 2026-06-18T00:00:00.000Z: a sale"],
])("a window that is to begin %s", (_what, at, why) => {
  const freezes = [{ from: "2026-06-17T00:00:00Z", to: "2026-06-18T02:00:00+02:00", why: "a sale" }];
  const definition = withFile({ windows: nights, freezes });
  const finding = resultOf("the window is open", {
    definition,
    around: (it) => Object.assign(it, { at: Date.parse(at) }),
  });
  if (why === null) expect(finding).toBe(null);
  else {
    expect(finding?.why).toContain(why);
    expect(finding?.next).toBe("changeover upgrade shop --to 2 --at 2026-06-10T23:00:00.000Z");
  }
});

test("all findings are told at once, and the first says what to do next", () => {
  const seen = (inventory: Inventory) => {
    balancer(inventory).maintenance = true;
    database(inventory, "db-2").replicating = false;
  };
  const around = (it: Circumstances) =>
    Object.assign(it, { locks: [{ environment: "shop", server: null, reason: "audit", by: "anna", at: 0 }] });
  const { input, circumstances } = made({ seen, around });
  expect(() => planUpgrade(input, circumstances)).toThrow(
    /nothing is held or paged.*; guard "a replica follows.*; guard "nothing is locked.* · changeover status/,
  );
});

test.each<[string, (seen: Inventory) => void, string]>([
  [
    "the load balancers disagree",
    (seen) => Object.assign(balancer(seen).routes, { public: "b" }),
    "do not agree on one pool",
  ],
  ["the endpoint leads nowhere", (seen) => Object.assign(balancer(seen).endpoints, { a: null }), "one known server"],
  [
    "no server has a release",
    (seen) => seen.applications.map((one) => Object.assign(one, { installed: null })),
    "no server",
  ],
])("where %s, it is not guessed what serves", (_what, seen, why) => {
  expect(() => factsOf({ seen })).toThrow(why);
});
