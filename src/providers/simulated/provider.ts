/** The simulated provider: a whole fleet in memory, on simulated time. */
import type { Host } from "../../model/host.ts";
import { canonical } from "../../model/plan.ts";
import { Problem } from "../../model/problem.ts";
import { type Provider, refuseLocked, type ServerRecord } from "../../model/provider.ts";
import type { Catalogue } from "../../model/template/catalogue.ts";
import { checkedEnvironment, checkedServer } from "../runner/paths.ts";
import type { Environment, Fleet, Server } from "./host-fleet.ts";
import { SimulatedHost, staleToken } from "./host.ts";

const SIMULATED: Catalogue = {
  images: [{ name: "simulated", architectures: ["x86_64"] }],
  sizes: [{ name: "machine", architectures: ["x86_64", "i686"], cores: 2, memoryMiB: 4096, diskMiB: 20_000 }],
};

export interface SimulatedProviderOptions {
  /** Shared by all control planes that look at the same world; it brings the clock. */
  fleet: Fleet;
  token: () => number;
}

export function createSimulatedProvider({ fleet, token }: SimulatedProviderOptions): Provider {
  const change = (name: string): Environment => {
    const environment = fleet.environment(checkedEnvironment(name));
    if (token() < environment.newestToken) throw staleToken(`"${name}"`, environment.newestToken);
    environment.newestToken = token();
    return environment;
  };
  const find = (environment: string, name: string): Server => {
    const server = fleet.environment(environment).servers.get(name);
    if (server) return server;
    const what = `there is no server "${name}" in "${environment}"`;
    throw new Problem("not-found", { what, why: "it was never launched, or retired", next: "changeover status" });
  };
  const fence = (server: Server): void => {
    if (token() < server.newestToken) throw staleToken(`"${server.record.name}"`, server.newestToken);
    server.newestToken = token();
  };
  return {
    kind: "simulated",
    list: async (name) => recordsIn(fleet, name),
    survey: async (name) => ({ records: recordsIn(fleet, name), silent: [], foreign: [] }),
    find: async (environment, name) => recordsIn(fleet, environment).find((record) => record.name === name) ?? null,
    records: async (environment, names) => recordsIn(fleet, environment).filter(({ name }) => names.includes(name)),
    launch: async (record) => new SimulatedHost(fleet, launch(fleet, change(record.environment), record), token),
    open: async (environment, name): Promise<Host> => new SimulatedHost(fleet, find(environment, name), token),
    hostOf: ({ environment, name }): Host => new SimulatedHost(fleet, find(environment, name), token),
    async relabel(environment, name, labels) {
      change(environment);
      const server = find(environment, name);
      fence(server);
      server.record = { ...server.record, labels: { ...labels } };
    },
    async retire(environment, name) {
      const { servers } = change(environment);
      const server = servers.get(checkedServer(name));
      if (!server) return;
      refuseLocked(server.record);
      fence(server);
      fleet.crash(environment, name);
      servers.delete(name);
      fleet.files.remove(server.directory);
    },
    async addressTaken(address, ports) {
      const taken = ports.find((port) => fleet.listeners.has(`${address}:${port}`));
      return taken === undefined ? null : `${address}:${taken} is already used`;
    },
    catalogue: async () => SIMULATED,
    close: async () => {},
  };
}

const recordsIn = (fleet: Fleet, environment: string): ServerRecord[] =>
  [...fleet.environment(environment).servers.values()].map(({ record }) => structuredClone(record));

function launch(fleet: Fleet, { servers }: Environment, record: ServerRecord): Server {
  const there = servers.get(checkedServer(record.name));
  if (!there) {
    const made = fleet.makeServer(structuredClone(record));
    servers.set(record.name, made);
    return made;
  }
  const wanted = canonical(record);
  if (wanted === canonical(there.launched) || wanted === canonical(there.record)) return there;
  throw new Problem("refused", {
    what: `"${record.name}" exists already in "${record.environment}"`,
    why: `it is another server: ${canonical(there.record)}`,
    next: "retire it first, or take another name",
  });
}
