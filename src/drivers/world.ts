/** The real world of one environment: its servers, spoken to through the drivers. */
import { randomUUID } from "node:crypto";
import type { Clock } from "../model/clock.ts";
import type { EnvironmentDefinition } from "../model/environment.ts";
import { redactionOf } from "../model/redaction.ts";
import { lineageOf } from "../model/isolation/footprint.ts";
import { guarded } from "../model/guarded.ts";
import type { Host } from "../model/host.ts";
import { hostsOf } from "../model/network.ts";
import { withKey } from "../model/http-check.ts";
import type { Provider, ServerRecord } from "../model/provider.ts";
import { Problem } from "../model/problem.ts";
import { unrelated, type World } from "../model/world.ts";
import { createNotedHolder } from "./address/noted.ts";
import { createAddressHolder } from "./address/on-network.ts";
import { createApplication } from "./application/driver.ts";
import { discreet } from "./discreet.ts";
import { openNames } from "./dns/open.ts";
import { createHaproxy } from "./haproxy/driver.ts";
import { ask } from "./http/ask.ts";
import { createMariadb } from "./mariadb/driver.ts";

export interface WorldParts {
  definition: EnvironmentDefinition;
  provider: Provider;
  clock: Clock;
  neighbours: World["neighbours"];
  secret: (name: string) => string;
  /** Throws a Problem when nobody gave it. */
  credential: (name: string) => string;
  /** Values of secrets and credentials, for leaving them out of what people read. */
  secrets: () => string[];
  artefact: World["artefact"];
  exports: Pick<World, "writeExport" | "readExport" | "removeExport">;
  /** A path as the environment file means it. */
  beside: (path: string) => string;
  /** Search path for the application's commands; null leaves the host's own. */
  path: string | null;
  /** The environment that this one is a clone of, or that its data comes from, and how to reach it; null for every other. */
  origin: Origin | null;
  /** A clone that lives for a rehearsal: its processes are told so. */
  rehearsal: boolean;
}

interface Origin {
  name: string;
  open(): Promise<World>;
  /** Acted on, under this world's token; else it is only read, and opened anew each time, because its own tokens go on. */
  lends: boolean;
}

export function createWorld(given: WorldParts): World {
  const origin = given.origin && opening(given.origin);
  const parts = { ...given, origin };
  const hosts = rememberHosts(parts.provider, parts.definition.environment);
  const { provider } = hosts;
  const close = () => Promise.all([provider.close(), origin?.close()]).then(() => {});
  const redact = redactionOf(parts.secrets);
  return worldOver(parts, redact, { ...hosts, provider: { ...provider, close } }, new AbortController().signal);
}

/** The other world is opened at its first use, and closed together with this one. */
function opening({ name, open, lends }: Origin) {
  const opened: Promise<World>[] = [];
  return {
    name,
    lends,
    open: (): Promise<World> => {
      const [held] = lends ? opened : [];
      const world = held ?? open();
      if (!held) opened.push(world);
      return world;
    },
    close: async (): Promise<void> => {
      for (const opens of opened) await (await opens.catch(() => null))?.provider.close();
    },
  };
}

/** After the signal no host does anything more that this world asks for; what a driver waits for then ends soon. */
function worldOver(parts: WorldParts, redact: World["redact"], hosts: Hosts, signal: AbortSignal): World {
  const { definition, clock, secret, credential } = parts;
  const { application, database, hosts: names, limits } = definition;
  const open = async (server: string): Promise<Host> =>
    discreet(guarded(await hosts.open(server), signal), { redact, values: parts.secrets });
  return {
    environment: definition.environment,
    lineage: lineageOf(definition),
    clock,
    neighbours: parts.neighbours,
    provider: guarded(hosts.provider, signal),
    rehearsal: parts.origin !== null,
    host: open,
    secret,
    credential,
    artefact: parts.artefact,
    ...parts.exports,
    redact,
    within: (until) => worldOver(parts, redact, hosts, until),
    async elsewhere(name) {
      if (parts.origin?.name !== name) throw unrelated(definition.environment, name);
      return (await parts.origin.open()).within(signal);
    },
    async diskUse(server) {
      const asked = await (await open(server)).exec("du -sb .", { timeoutMs: 60_000, reading: true });
      // What vanished while it was counted is no failure: the sum is printed all the same.
      const bytes = Number.parseInt(asked.stdout, 10);
      if (Number.isFinite(bytes)) return bytes;
      throw new Problem("unreachable", {
        what: `what "${server}" takes can't be told`,
        why: asked.stderr.trim() || "the host did not answer",
        next: "changeover status",
      });
    },
    async diskFree(server) {
      const asked = await (await open(server)).exec("df -Pk . | tail -n 1", { timeoutMs: 10_000, reading: true });
      const [, size, , free] = asked.stdout.trim().split(/\s+/).map(Number);
      if (asked.code === 0 && size !== undefined && free !== undefined && size > 0 && free >= 0)
        return { freeBytes: free * 1024, sizeBytes: size * 1024 };
      throw new Problem("unreachable", {
        what: `what is free on the disk of "${server}" can't be told`,
        why: asked.stderr.trim() || "df said nothing that is a number",
        next: "changeover doctor",
      });
    },
    async loadBalancer(server) {
      return createHaproxy(await open(server), clock);
    },
    async database(server) {
      return createMariadb(await open(server), clock, secret, database.port);
    },
    async addressHolder(server) {
      const host = await open(server);
      return hostsOf(definition) === null ? createNotedHolder(host) : createAddressHolder(host);
    },
    async application(server) {
      const settings = {
        port: application.port,
        publicHost: names.public,
        database,
        prepareMs: limits.prepareSeconds * 1000,
        path: parts.path,
        rehearsal: parts.rehearsal,
      };
      return createApplication(await open(server), settings, { secret, credential, redact }, randomUUID);
    },
    async names() {
      return guarded(openNames(parts), signal);
    },
    async ask(server, asker, check, timeoutMs) {
      const host = await open(server);
      const headers: Record<string, string> = asker.tester ? { "x-changeover-tester": secret("tester") } : {};
      const dial = () => host.dial({ host: asker.at ?? host.address, port: asker.port }, timeoutMs);
      const answer = await ask(dial, withKey(check, randomUUID()), { host: asker.host, headers, timeoutMs });
      return { ...answer, body: redact(answer.body) };
    },
  };
}

interface Hosts {
  open(server: string): Promise<Host>;
  provider: Provider;
}

/** A server is looked up once, where it was listed not even that, and again after it was launched or retired through the same world. */
function rememberHosts(provider: Provider, environment: string): Hosts {
  const known = new Map<string, Promise<Host>>();
  let changes = 0;
  const forget = (): void => {
    changes++;
    known.clear();
  };
  /** A look that was made before a change tells of servers that are no more. */
  const noting = (before: number, records: readonly ServerRecord[]): void => {
    if (changes !== before) return;
    for (const record of records) {
      if (record.environment !== environment || known.has(record.name)) continue;
      known.set(record.name, Promise.resolve(provider.hostOf(record)));
    }
  };
  const looking = async <T>(look: Promise<T>, recordsOf: (seen: T) => readonly ServerRecord[]): Promise<T> => {
    const before = changes;
    const seen = await look;
    noting(before, recordsOf(seen));
    return seen;
  };
  const forgetting = <A extends unknown[], R>(act: (...args: A) => Promise<R>) => {
    return (...args: A): Promise<R> => act(...args).finally(forget);
  };
  return {
    open(server: string): Promise<Host> {
      const host = known.get(server) ?? provider.open(environment, server);
      known.set(server, host);
      host.catch(() => known.delete(server));
      return host;
    },
    provider: {
      kind: provider.kind,
      list: (name) => looking(provider.list(name), (records) => records),
      survey: (name) => looking(provider.survey(name), ({ records }) => records),
      records: (name, servers) => looking(provider.records(name, servers), (records) => records),
      find: (name, server) => looking(provider.find(name, server), (found) => (found ? [found] : [])),
      hostOf: (record) => provider.hostOf(record),
      open: (name, server) => provider.open(name, server),
      addressTaken: (address, ports, beside) => provider.addressTaken(address, ports, beside),
      catalogue: () => provider.catalogue(),
      close: () => provider.close(),
      launch: forgetting((record) => provider.launch(record)),
      // Its host stays the same.
      relabel: (name, server, labels) => provider.relabel(name, server, labels),
      retire: forgetting((name, server) => provider.retire(name, server)),
    } satisfies Provider,
  };
}
