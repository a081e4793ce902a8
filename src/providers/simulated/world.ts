/** The simulated world of one environment: the same interfaces as the real one, over machines in memory on simulated time. */
import { randomUUID } from "node:crypto";
import type { Clock } from "../../model/clock.ts";
import type { Host } from "../../model/host.ts";
import { type Footprint, lineageOf, seal } from "../../model/isolation/footprint.ts";
import { withKey } from "../../model/http-check.ts";
import { placeOfNames } from "../../model/names.ts";
import { Problem } from "../../model/problem.ts";
import type { Provider } from "../../model/provider.ts";
import { unrelated, type World } from "../../model/world.ts";
import { type ControlPlane, effect, within } from "./acting.ts";
import { actingHost } from "./acting-host.ts";
import { createSimulatedAddressHolder } from "./address-holder.ts";
import { createSimulatedApplication } from "./application.ts";
import { createSimulatedDatabase } from "./database.ts";
import { createSimulatedLoadBalancer } from "./load-balancer.ts";
import { createSimulatedNames } from "./names.ts";
import { createSimulatedProvider } from "./provider.ts";
import { credentialOf, SECRETS, secretOf } from "./secrets.ts";
import type { Site } from "./site.ts";

export interface SimulatedWorldParts {
  site: Site;
  /** Of this control plane, so that it can stop waiting when it dies. */
  clock: Clock;
  token: number;
  passing?: ControlPlane["passing"];
  /** The site that this one is a clone of, or that its data comes from. */
  origin?: Site;
  /** What other environments there are. */
  others?: () => Footprint[];
}

export function createSimulatedWorld(parts: SimulatedWorldParts): World {
  const { site, clock, token } = parts;
  const { environment, application, database } = site.definition;
  const plane: ControlPlane = { clock, passing: parts.passing ?? (async () => {}) };
  const provider = createSimulatedProvider({ fleet: site.fleet, token: () => token });
  const open = (server: string): Promise<Host> => provider.open(environment, server);
  const secret = (name: string): string => secretOf(environment, name);
  const world: World = {
    environment,
    lineage: lineageOf(site.definition),
    clock,
    neighbours: async () => ({ own: footprintOf(site), others: parts.others?.() ?? [] }),
    provider: acting(provider, plane),
    rehearsal: parts.origin !== undefined,
    host: async (server) => actingHost(await open(server), plane),
    secret,
    credential: credentialOf,
    redact: (text) => text,
    // Each call ends soon by itself here.
    within: () => world,
    artefact: async (hash) => site.artefacts.get(hash) ?? Buffer.from(`artefact ${hash}`),
    async writeExport(name, fill) {
      const lines: string[] = [];
      await fill(async (line) => void lines.push(line));
      await effect(plane, `write the export ${name}`, 10, () => void site.exports.set(name, lines));
      return `exports/${name}.jsonl`;
    },
    async readExport(name, each) {
      const lines = site.exports.get(name);
      for (const line of lines ?? []) each(line);
      return lines ? { lines: lines.length } : null;
    },
    removeExport: (name) => effect(plane, `remove the export ${name}`, 1, () => void site.exports.delete(name)),
    async loadBalancer(name) {
      return createSimulatedLoadBalancer({ plane, host: await open(name), server: () => site.loadBalancer(name) });
    },
    async database(name) {
      const server = () => site.database(name);
      return createSimulatedDatabase({ plane, host: await open(name), server, port: database.port, environment });
    },
    async addressHolder(name) {
      return createSimulatedAddressHolder({
        plane,
        host: await open(name),
        site,
        server: () => site.loadBalancer(name),
      });
    },
    async application(name) {
      const web = (address: string, port: number) => site.web(address, port);
      const { port } = application;
      return createSimulatedApplication({ plane, host: await open(name), port, database, secret, web });
    },
    async names() {
      placeOfNames(site.definition);
      return createSimulatedNames({ plane, records: site.names });
    },
    async elsewhere(name) {
      const { origin, ...own } = parts;
      if (origin?.definition.environment === name) return createSimulatedWorld({ ...own, site: origin });
      throw unrelated(environment, name);
    },
    diskUse: async (server) => site.bytesOn(server, (await open(server)).directory),
    diskFree: async (server) => site.diskOf((await open(server)).name),
    async ask(server, { host, tester, at }, check, timeoutMs) {
      const asked = withKey(check, randomUUID());
      const request = { host, tester: tester ? secret("tester") : null, check: asked };
      const said = `${asked.method} ${asked.path} ${at === undefined ? "through" : `by ${at} from`} "${server}"`;
      const answering = () =>
        at === undefined ? site.loadBalancer(server).answer(request) : site.answerAt(at, request);
      await plane.passing(`before ${said}`);
      const answer = await within(plane, timeoutMs, answering());
      await plane.passing(`after ${said}`);
      if (!answer) throw noAnswer(server, timeoutMs);
      return answer;
    },
  };
  return world;
}

/** Whose secrets everybody could know, if they looked. */
export function footprintOf({ definition, environment, fleet }: Site, network: string | null = null): Footprint {
  const [first] = fleet.environment(environment).servers.values();
  return {
    ...{ environment, definition, network: network ?? first?.record.address.replace(/\.\d+$/, "") ?? null },
    ...{ inputs: [], credentials: [] },
    secrets: SECRETS.map((name) => seal(name, secretOf(environment, name))),
  };
}

/** Launching, relabelling and retiring are effects as well: a control plane can die at them. */
function acting(provider: Provider, plane: ControlPlane): Provider {
  return {
    kind: provider.kind,
    list: (environment) => provider.list(environment),
    survey: (environment) => provider.survey(environment),
    find: (environment, name) => provider.find(environment, name),
    records: (environment, names) => provider.records(environment, names),
    open: (environment, name) => provider.open(environment, name),
    hostOf: (record) => provider.hostOf(record),
    addressTaken: (address, ports, beside) => provider.addressTaken(address, ports, beside),
    catalogue: () => provider.catalogue(),
    close: () => provider.close(),
    launch: (record) => effect(plane, `launch "${record.name}"`, 50, () => provider.launch(record)),
    relabel: (environment, name, labels) =>
      effect(plane, `relabel "${name}"`, 3, () => provider.relabel(environment, name, labels)),
    retire: (environment, name) => effect(plane, `retire "${name}"`, 30, () => provider.retire(environment, name)),
  };
}

const noAnswer = (server: string, timeoutMs: number): Problem =>
  new Problem("unreachable", {
    what: `no answer from "${server}"`,
    why: `nobody listens there, or not within ${timeoutMs} ms`,
    next: "look at the server's log: changeover status",
  });
