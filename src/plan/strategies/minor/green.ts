/** New servers of a minor upgrade: the first tested apart from the public, then as many as there are old ones. */
import type { PlanStep, Stage } from "../../../model/plan.ts";
import { otherSlot } from "../../../model/load-balancer.ts";
import { assertSchemaKept } from "../../../steps/assert-schema-kept.ts";
import { compareVersion } from "../../../steps/compare-version.ts";
import { leavePool } from "../../../steps/leave-pool.ts";
import { noteErrors } from "../../../steps/note-errors.ts";
import { noteSchema } from "../../../steps/note-schema.ts";
import { openTestRoute } from "../../../steps/open-test-route.ts";
import { pointEndpoint } from "../../../steps/point-endpoint.ts";
import { startRole } from "../../../steps/start-role.ts";
import { testIsolated } from "../../../steps/test-isolated.ts";
import { joinPool } from "../../../steps/join-pool.ts";
import { bootSteps } from "../../boot.ts";
import { install, launch, membersOf, timesOf } from "../../launching.ts";
import { checksOf, databaseEndpoint, entranceOf, ms, versionCheck } from "../../layout.ts";
import { act, atOnce, inOrder } from "../../stage.ts";
import { launchTestBalancer, testersAt } from "../../testing.ts";
import type { Cast, Pair } from "./cast.ts";
import { balancerStages } from "./balancers.ts";
import { BACK, FREE, oldNames } from "./words.ts";

/** Everything up to the first server being good on the isolated route; none of it has been seen by the public. */
export function firstStages(cast: Cast): Stage[] {
  const [first] = cast.pairs;
  if (!first) throw new Error("a generation has at least one server");
  return [
    openRoute(cast),
    ...balancerStages(cast),
    inOrder("Test one new server apart from the public", FREE, testFirst(cast, first)),
  ];
}

/** The others, launched and booted. */
export function otherStages(cast: Cast): Stage[] {
  const { definition, boot, pairs } = cast;
  const others = pairs.slice(1).map(({ next }) => next);
  const booting = others.flatMap((record) => bootSteps(boot, record, "keep"));
  return [
    ...(others.length === 0
      ? []
      : [
          atOnce(
            "Clone as many servers as there are old ones",
            FREE,
            others.map((record) => launch(definition, record, "keep")),
          ),
        ]),
    // At once: they may wait for each other's values.
    ...(booting.length === 0 ? [] : [atOnce("Boot the other new servers", FREE, booting)]),
  ];
}

export function installStage(cast: Cast, pairs: Pair[], name: string): Stage[] {
  return pairs.length === 0 ? [] : [atOnce(name, BACK, installs(cast, pairs))];
}

/** The first to be installed, if any; what each new server prints from now on counts. */
export function installAndNote(cast: Cast, first: Pair[], name: string): Stage {
  const { definition, loadBalancers, slot, serves, pairs } = cast;
  const note = act(noteErrors, {
    loadBalancers,
    old: { slot, servers: oldNames(cast) },
    when: { at: "switch" as const, slot: serves, servers: pairs.map(({ next }) => next.name) },
    pattern: definition.minor.logErrors,
  });
  const what = first.length > 0 ? `${name}, and note what is usual until the switch` : NOTE;
  return atOnce(what, FREE, [note, ...installs(cast, first)]);
}

const NOTE = "Note what is usual until the switch";

const installs = ({ definition }: Cast, pairs: Pair[]): PlanStep[] =>
  pairs.map(({ next, after }) => install(definition, next.name, after));

/** Good by every check on the server itself, and the version that it is to be; then into the pool on every load balancer. */
export const serve = (cast: Cast, pairs: Pair[]): PlanStep[] => [...startGood(cast, pairs), joinServing(cast, pairs)];

export function joinServing({ definition, all: loadBalancers, serves }: Cast, pairs: Pair[]): PlanStep {
  const records = pairs.map(({ next }) => next);
  return act(joinPool, {
    loadBalancers,
    slot: serves,
    members: membersOf(definition, records),
    ...timesOf(definition),
    drainMs: ms(definition.limits.drainSeconds),
  });
}

export function startGood(cast: Cast, pairs: Pair[]): PlanStep[] {
  const { definition } = cast;
  const servers = pairs.map(({ next }) => next.name);
  const good = checksOf(definition, "with-clean-up");
  return [act(startRole, { servers, role: "web", good, ...timesOf(definition) }, "start"), version(cast, pairs)];
}

export function version({ definition, to }: Cast, pairs: Pair[]): PlanStep {
  return act(compareVersion, {
    servers: pairs.map(({ next }) => next.name),
    release: to,
    artefact: pairs[0]?.after.artefact ?? "",
    ask: versionCheck(definition, to),
    withinMs: ms(definition.limits.healthySeconds),
  });
}

/** The new pool's endpoint leads to the same database; where new servers join the old pool, that one's does already. */
function openRoute(cast: Cast): Stage {
  const { definition, loadBalancers, testBalancer, serves, slot, primary } = cast;
  const to = databaseEndpoint(definition, primary.record);
  const database = primary.record.name;
  const point = serves === slot ? [] : [act(pointEndpoint, { loadBalancers, slot: serves, to, database })];
  const testHost = definition.hosts.test;
  const open = act(openTestRoute, { loadBalancers: testersAt(cast), slot: otherSlot(slot), testHost });
  return testBalancer
    ? inOrder(ROUTE, FREE, [...point, ...launchTestBalancer(definition, testBalancer), open])
    : atOnce(ROUTE, FREE, [...point, open]);
}

const ROUTE = "Open the isolated route";

/** Behind the other pool, whichever it is to serve in: nothing but the test host name leads there. */
function testFirst(cast: Cast, first: Pair): PlanStep[] {
  const { definition, boot, slot, serves, to, trial } = cast;
  const { limits, checks } = definition;
  const record = first.next;
  const loadBalancers = cast.testBalancer ? testersAt(cast) : cast.all;
  const apart = otherSlot(slot);
  const primary = cast.primary.record.name;
  const launched = trial?.record.name === record.name;
  const drainMs = ms(limits.drainSeconds);
  return [
    ...(launched
      ? []
      : [
          launch(definition, record, "keep"),
          ...bootSteps(boot, record, "keep"),
          install(definition, record.name, first.after),
        ]),
    // A release that migrates was started on a copy before; this one was never started here.
    ...(trial ? [] : [act(noteSchema, { primary })]),
    ...startGood(cast, [first]),
    ...(trial ? [] : [act(assertSchemaKept, { primary, release: to })]),
    act(joinPool, {
      ...{ loadBalancers, slot: apart, members: membersOf(definition, [record]), drainMs },
      ...timesOf(definition),
    }),
    act(testIsolated, { loadBalancers, entrance: entranceOf(definition), checks: [checks.health, ...checks.read] }),
    ...(serves === apart && !cast.testBalancer
      ? []
      : [act(leavePool, { loadBalancers, slot: apart, members: [record.name], drainMs })]),
  ];
}
