/** Brings an environment up from nothing: database and replica, load balancers, servers at the first release. */
import type { Install } from "../../model/application.ts";
import type { EnvironmentDefinition } from "../../model/environment.ts";
import { firstHolder } from "../../model/floating-address.ts";
import type { Network } from "../../model/network.ts";
import type { Plan, PlanStep, Stage } from "../../model/plan.ts";
import type { ServerRecord } from "../../model/provider.ts";
import { assertApart } from "../../steps/assert-apart.ts";
import { createDatabase } from "../../steps/create-database.ts";
import { launchServer } from "../../steps/launch-server.ts";
import { launchStandby } from "../../steps/launch-standby.ts";
import { migrate } from "../../steps/migrate.ts";
import { openDatabase } from "../../steps/open-database.ts";
import { pointEndpoint } from "../../steps/point-endpoint.ts";
import { reopen } from "../../steps/reopen.ts";
import { startLoadBalancer } from "../../steps/start-load-balancer.ts";
import { swapPools } from "../../steps/swap-pools.ts";
import { type BootOf, bootSteps } from "../boot.ts";
import { install, startInPool, startWorkers } from "../launching.ts";
import { databaseEndpoint, endpointPorts, entranceOf, installOf, Layout, loadBalancerSettings, ms } from "../layout.ts";
import { act, atOnce, inOrder } from "../stage.ts";
import { moveStep } from "./move-address.ts";

export interface BringUpInput {
  definition: EnvironmentDefinition;
  network: Network;
  /** HTML of the maintenance page. */
  page: string;
  /** Content hash of each release's artefact. */
  artefacts: Record<string, string>;
  /** Servers get no template when left out. */
  boot?: BootOf;
}

export const RETIRE = "retire everything that was launched; nothing was there before";
const SLOT = "a";

export function planBringUp(input: BringUpInput): Plan {
  const { definition } = input;
  const servers = firstServers(input);
  const { loadBalancers, primary, replica, applications } = servers;
  return {
    format: 1,
    environment: definition.environment,
    strategy: "bring-up",
    from: "",
    to: definition.release,
    stages: [
      ...apartStage(definition),
      ...launchStages(input, loadBalancers, [primary], applications),
      ...dataStages(input, loadBalancers, primary, replica, applications),
      ...openStages(input, servers),
    ],
    afterWayBack: [],
    failAt: null,
  };
}

/** Also where the load balancers really lead. */
export const apartStep = (loadBalancers: ServerRecord[]): PlanStep =>
  act(assertApart, { loadBalancers: loadBalancers.map(({ name }) => name) });

/** Looked at again right before anything is launched: other environments may have come since it was planned. */
export const apartStage = ({ isolation }: Pick<EnvironmentDefinition, "isolation">): Stage[] =>
  isolation.strict
    ? [inOrder("Look around", "none is needed: nothing was begun", [act(assertApart, { loadBalancers: [] })])]
    : [];

export interface FirstServers {
  loadBalancers: ServerRecord[];
  primary: ServerRecord;
  replica: ServerRecord;
  applications: ServerRecord[];
}

/** Every server of an environment that has none yet. */
export function firstServers({ definition, network }: Pick<BringUpInput, "definition" | "network">): FirstServers {
  const layout = new Layout(definition.environment, network, []);
  const many = (count: number, make: () => ServerRecord) => Array.from({ length: count }, make);
  const group = definition.application.group;
  const scheduled: Record<string, string> = definition.backups.everyHours === undefined ? {} : { backups: "on" };
  const { frontEnds, servers } = definition.application;
  const pairs = Array.from({ length: frontEnds ? servers : 0 }, () =>
    layout.frontEnd({ loadBalancer: {}, application: { slot: SLOT } }),
  );
  const alone = frontEnds ? 0 : definition.loadBalancers;
  return {
    loadBalancers: [
      ...pairs.map(({ loadBalancer }) => loadBalancer),
      ...many(alone, () => layout.next("load-balancer", "lb", {})),
    ],
    primary: layout.next("database", "db", scheduled),
    replica: layout.next("database", "db", scheduled),
    applications: [
      ...pairs.map(({ application }) => application),
      ...many(servers - pairs.length, () => layout.next("application", "app", { slot: SLOT })),
      ...many(group?.size ?? 0, () =>
        layout.next("application", group?.name ?? "", { slot: SLOT, group: group?.name ?? "" }),
      ),
    ],
  };
}

function launchStages(
  input: BringUpInput,
  loadBalancers: ServerRecord[],
  databases: ServerRecord[],
  applications: ServerRecord[],
): Stage[] {
  const { name, user, port } = input.definition.database;
  return [
    launchStage(input.definition, loadBalancers, databases, applications),
    ...bootStages(input, applications),
    atOnce("Start load balancers and database", RETIRE, [
      ...startLoadBalancers(input, loadBalancers),
      ...databases.map(({ name: server }) =>
        act(createDatabase, { server, settings: { name, user, port }, serverId: 1 }),
      ),
    ]),
  ];
}

export function launchStage(
  definition: EnvironmentDefinition,
  loadBalancers: ServerRecord[],
  databases: ServerRecord[],
  applications: ServerRecord[],
): Stage {
  const ports = endpointPorts(definition);
  const launch = (record: ServerRecord, used: number[]) =>
    act(launchServer, { record, ports: used, onUndo: "retire" as const });
  return atOnce("Launch servers", RETIRE, [
    ...loadBalancers.map((record) => launch(record, [definition.port, ports.a, ports.b])),
    ...databases.map((record) => launch(record, [definition.database.port])),
    ...applications.map((record) => launch(record, [definition.application.port])),
  ]);
}

/** At once: they may wait for each other's values. */
export function bootStages({ boot }: Pick<BringUpInput, "boot">, applications: ServerRecord[]): Stage[] {
  const steps = applications.flatMap((record) => bootSteps(boot, record, "retire"));
  return steps.length === 0 ? [] : [atOnce("Boot the servers", RETIRE, steps)];
}

export function startLoadBalancers({ definition, page }: BringUpInput, loadBalancers: ServerRecord[]): PlanStep[] {
  const settings = loadBalancerSettings(definition, page);
  return loadBalancers.map(({ name: server }) => act(startLoadBalancer, { server, settings }));
}

function dataStages(
  { definition, artefacts }: BringUpInput,
  loadBalancers: ServerRecord[],
  primary: ServerRecord,
  replica: ServerRecord,
  applications: ServerRecord[],
): Stage[] {
  const release = definition.release;
  const wanted = definition.releases[release];
  const migrator = applications[0];
  const primaryEndpoint = databaseEndpoint(definition, primary);
  return [
    inOrder("Open the database", RETIRE, [
      ...openFirst(definition, loadBalancers, primary, replica),
      ...(definition.isolation.strict ? [apartStep(loadBalancers)] : []),
    ]),
    atOnce(
      "Install the release",
      RETIRE,
      firstInstalls({ definition, artefacts }, loadBalancers, applications).map(({ server, install: wanted }) =>
        install(definition, server, wanted),
      ),
    ),
    ...(wanted?.migrate && migrator
      ? [
          inOrder("Create the schema", RETIRE, [
            act(migrate, {
              of: "live",
              migrator: migrator.name,
              command: wanted.migrate,
              unlock: wanted.unlock ?? null,
              inputs: {},
              release,
              primary: primary.name,
              primaryEndpoint,
              limitMs: ms(definition.limits.migrateSeconds),
              old: null,
              wayBack: null,
            }),
          ]),
        ]
      : []),
  ];
}

/** The primary takes writes, its replica follows it, and the first pool finds it. */
export function openFirst(
  definition: EnvironmentDefinition,
  loadBalancers: ServerRecord[],
  primary: ServerRecord,
  replica: ServerRecord,
): PlanStep[] {
  const to = databaseEndpoint(definition, primary);
  return [
    act(openDatabase, { server: primary.name, others: [], lost: null }),
    act(launchStandby, {
      record: replica,
      source: primary.name,
      sourceEndpoint: to,
      withinMs: ms(definition.limits.syncSeconds),
      copyMs: ms(definition.limits.copySeconds),
      serves: null,
    }),
    act(pointEndpoint, {
      loadBalancers: loadBalancers.map(({ name }) => name),
      slot: SLOT,
      to,
      database: primary.name,
    }),
  ];
}

/** What each of the first servers gets. */
export function firstInstalls(
  { definition, artefacts }: Pick<BringUpInput, "definition" | "artefacts">,
  loadBalancers: ServerRecord[],
  applications: ServerRecord[],
): { server: string; install: Install }[] {
  const { release } = definition;
  return applications.map(({ name: server, address }, turn) => ({
    server,
    install: installOf(definition, release, artefacts[release] ?? "", { loadBalancers, slot: SLOT, turn, address }),
  }));
}

function takeStage(
  definition: EnvironmentDefinition,
  { loadBalancers, primary, replica, applications }: FirstServers,
): Stage[] {
  const servers = [primary, replica, ...loadBalancers, ...applications];
  const takes = Object.entries(definition.addresses).map(([name, wanted]) =>
    moveStep(definition, servers, { name, from: null, to: firstHolder(wanted) }),
  );
  return takes.length > 0 ? [inOrder("Take the floating addresses", RETIRE, takes)] : [];
}

export function openStages({ definition }: Pick<BringUpInput, "definition">, servers: FirstServers): Stage[] {
  const { applications } = servers;
  const loadBalancers = servers.loadBalancers.map(({ name }) => name);
  const names = applications.map(({ name }) => name);
  const workers = definition.releases[definition.release]?.start.worker
    ? names.slice(0, definition.application.workers)
    : [];
  return [
    inOrder("Start the application", RETIRE, [
      ...startInPool(definition, applications, { loadBalancers, slot: SLOT }),
      ...startWorkers(definition, workers),
      act(swapPools, { loadBalancers, from: null, to: SLOT }),
    ]),
    ...takeStage(definition, servers),
    inOrder("Open to the public", "there is none: the environment is up", [
      act(reopen, { loadBalancers, entrance: entranceOf(definition), health: definition.checks.health }),
    ]),
  ];
}
