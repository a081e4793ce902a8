/** Names, addresses and ports of an environment's servers: which are free, and what is installed where. */
import type { HttpCheck, Install } from "../model/application.ts";
import { scheduleOn } from "../model/backup.ts";
import type { EnvironmentDefinition } from "../model/environment.ts";
import type { Inventory } from "../model/inventory.ts";
import type { Endpoint, LoadBalancerSettings, Slot } from "../model/load-balancer.ts";
import { besideNeeded, hostsOf, type Network } from "../model/network.ts";
import { Problem } from "../model/problem.ts";
import { BESIDE, type ServerKind, type ServerRecord } from "../model/provider.ts";
import type { Checks } from "../steps/parts/shapes.ts";
import { addressAt } from "./addresses.ts";

type Labels = Record<string, string>;

export interface FrontEnd {
  loadBalancer: ServerRecord;
  application: ServerRecord;
}

/** Hands out names and addresses that nobody has; remembers what it gave. */
export class Layout {
  readonly #environment: string;
  readonly #network: Network;
  readonly #names: Set<string>;
  readonly #addresses: Set<string>;
  /** Below these everything is taken, and stays so. */
  readonly #numbers = new Map<string, number>();
  readonly #places = new Map<ServerKind, number>();

  constructor(environment: string, network: Network, present: readonly ServerRecord[]) {
    this.#environment = environment;
    this.#network = network;
    this.#names = new Set(present.map(({ name }) => name));
    this.#addresses = new Set(present.map(({ address }) => address));
  }

  /** A name that somebody chose; nobody may have it. */
  named(kind: ServerKind, name: string, labels: Labels): ServerRecord {
    this.#names.add(name);
    return { environment: this.#environment, name, kind, address: this.#nextAddress(kind), labels };
  }

  next(kind: ServerKind, prefix: string, labels: Labels): ServerRecord {
    return this.named(kind, this.freeName(prefix), labels);
  }

  /** A load balancer and an application server that share one host, and so one address. */
  frontEnd(labels: { loadBalancer: Labels; application: Labels }): FrontEnd {
    const balancer = this.freeName("lb");
    const application = this.next("application", "app", { ...labels.application, [BESIDE]: balancer });
    this.#names.add(balancer);
    return {
      loadBalancer: {
        ...application,
        ...{ name: balancer, kind: "load-balancer" },
        labels: { ...labels.loadBalancer, [BESIDE]: application.name },
      },
      application,
    };
  }

  /** "app-3": the first that nobody has. */
  freeName(prefix: string): string {
    let number = this.#numbers.get(prefix) ?? 1;
    while (this.#names.has(`${prefix}-${number}`)) number++;
    this.#numbers.set(prefix, number + 1);
    return `${prefix}-${number}`;
  }

  #nextAddress(kind: ServerKind): string {
    let place = this.#places.get(kind) ?? 0;
    for (;;) {
      const address = addressAt(this.#network, kind, place++);
      if (address === null) break;
      if (this.#addresses.has(address)) continue;
      this.#places.set(kind, place);
      this.#addresses.add(address);
      return address;
    }
    throw "hosts" in this.#network
      ? noHost(this.#environment, kind, this.#network.hosts.length)
      : new Problem("refused", {
          what: `environment "${this.#environment}" has no address left for another ${kind}`,
          why: `all ${place - 1} of them in ${this.#network.prefix} are taken`,
          next: "retire servers that are kept for diagnosis, or use fewer servers",
        });
  }
}

const ADD_HOSTS = "to provider.hosts in the environment file, then: changeover up environment.yaml";

const noHost = (environment: string, kind: ServerKind, hosts: number): Problem =>
  new Problem("refused", {
    what: `environment "${environment}" has no host left for another ${kind}`,
    why: `each of its ${hosts} hosts holds a server`,
    next: `add one ${ADD_HOSTS}`,
  });

/** Told as a whole and before anything else: how many hosts an upgrade needs, and how many are missing. */
export function mustHaveRoom(
  definition: EnvironmentDefinition,
  network: Network,
  present: readonly ServerRecord[],
  { count, words }: { count: number; words: string } = besideNeeded(definition),
): void {
  if (!("hosts" in network)) return;
  const taken = new Set(present.map(({ address }) => address));
  const free = network.hosts.filter((host) => !taken.has(host)).length;
  if (free >= count) return;
  throw new Problem("refused", {
    what: `"${definition.environment}" has too few hosts for an upgrade: ${taken.size + count} are needed`,
    why: `${taken.size} hold a server, and new ones stand beside the old: ${words}; ${free} are free`,
    next: `add ${count - free} ${ADD_HOSTS}`,
  });
}

export const endpointPorts = (definition: EnvironmentDefinition): Record<Slot, number> => ({
  a: definition.database.port + 1,
  b: definition.database.port + 2,
});

export const databaseEndpoint = (definition: EnvironmentDefinition, record: ServerRecord): Endpoint => ({
  address: record.address,
  port: definition.database.port,
});

/**
 * What a server of a generation gets: the release, and the load balancer through which it finds its database. That is
 * the one beside it on a front end, and else one in turn.
 */
export function installOf(
  definition: EnvironmentDefinition,
  release: string,
  artefact: string,
  at: { loadBalancers: ServerRecord[]; slot: Slot; turn: number; address?: string },
): Install {
  const wanted = definition.releases[release];
  const beside = at.loadBalancers.find(({ address }) => address === at.address);
  const loadBalancer = beside ?? at.loadBalancers[at.turn % at.loadBalancers.length];
  if (!wanted || !loadBalancer) throw new Error(`no release "${release}" or no load balancer`);
  return {
    release,
    artefact,
    start: { web: wanted.start.web, ...(wanted.start.worker ? { worker: wanted.start.worker } : {}) },
    prepare: wanted.prepare ?? null,
    inputs: wanted.inputs,
    runtime: wanted.runtime ? { path: wanted.runtime.path ?? null, check: wanted.runtime.check ?? null } : null,
    database: { address: loadBalancer.address, port: endpointPorts(definition)[at.slot] },
  };
}

export const loadBalancerSettings = (definition: EnvironmentDefinition, page: string): LoadBalancerSettings => ({
  port: definition.port,
  // Floating addresses come to it while it runs, and one that is not held yet can't be listened on.
  ...(hostsOf(definition) === null ? {} : { everyAddress: true }),
  hosts: definition.hosts,
  health: {
    path: definition.checks.health.path,
    headers: definition.checks.health.headers ?? {},
    status: definition.checks.health.expect.status,
  },
  page,
  retryAfterSeconds: definition.maintenance.retryAfterSeconds,
  endpointPorts: endpointPorts(definition),
});

/** What each server answers when it is asked for its version; null where nobody says how to ask. */
export function versionCheck({ checks }: EnvironmentDefinition, release: string): HttpCheck | null {
  if (!checks.version) return null;
  const fill = (text: string): string => text.replaceAll("{release}", release);
  const { path, body, expect } = checks.version;
  return {
    ...checks.version,
    path: fill(path),
    ...(body === undefined ? {} : { body: fill(body) }),
    expect: { ...expect, body: fill(expect.body ?? "{release}") },
  };
}

/** Everything that makes a server good; `write` only where a probe may write. */
export const checksOf = ({ checks }: EnvironmentDefinition, write: "always" | "with-clean-up"): Checks => ({
  health: checks.health,
  read: checks.read,
  write: checks.write && (write === "always" || checks.write.cleanUp.length > 0) ? checks.write : null,
  script: checks.script,
});

/** For preparing, and a minute for copying and unpacking. */
export const installMs = ({ limits }: EnvironmentDefinition): number => ms(limits.prepareSeconds) + 60_000;

export const ms = (seconds: number): number => Math.round(seconds * 1000);

export const entranceOf = (definition: EnvironmentDefinition) => ({
  port: definition.port,
  publicHost: definition.hosts.public,
  testHost: definition.hosts.test,
});

export const scheduledServers = ({ databases }: Inventory): string[] =>
  databases.filter(({ record }) => scheduleOn(record) === true).map(({ record }) => record.name);

export const everyRecord = ({ loadBalancers, applications, databases }: Inventory): ServerRecord[] =>
  [...loadBalancers, ...applications, ...databases].map(({ record }) => record);
