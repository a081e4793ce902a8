/** The real world of one environment: its servers, spoken to through the drivers. */
import { randomUUID } from "node:crypto";
import type { Clock } from "../model/clock.ts";
import type { EnvironmentDefinition } from "../model/environment.ts";
import { guarded } from "../model/guarded.ts";
import type { Host } from "../model/host.ts";
import { withKey } from "../model/http-check.ts";
import type { Provider } from "../model/provider.ts";
import type { World } from "../model/world.ts";
import { createApplication } from "./application/driver.ts";
import { createHaproxy } from "./haproxy/driver.ts";
import { ask } from "./http/ask.ts";
import { createMariadb } from "./mariadb/driver.ts";

export interface WorldParts {
  definition: EnvironmentDefinition;
  provider: Provider;
  clock: Clock;
  secret: (name: string) => string;
  /** Values of secrets, for leaving them out of what people read. */
  secrets: () => string[];
  artefact: World["artefact"];
  /** Search path for the application's commands; null leaves the host's own. */
  path: string | null;
}

export function createWorld(parts: WorldParts): World {
  return worldOver(parts, rememberHosts(parts.provider, parts.definition.environment), new AbortController().signal);
}

/** After the signal no host does anything more that this world asks for; what a driver waits for then ends soon. */
function worldOver(parts: WorldParts, hosts: Hosts, signal: AbortSignal): World {
  const { definition, clock, secret } = parts;
  const { application, database, hosts: names, limits } = definition;
  const open = async (server: string): Promise<Host> => guarded(await hosts.open(server), signal);
  return {
    environment: definition.environment,
    clock,
    provider: guarded(hosts.provider, signal),
    secret,
    artefact: parts.artefact,
    redact: (text) => parts.secrets().reduce((left, value) => left.replaceAll(value, "‹secret›"), text),
    within: (until) => worldOver(parts, hosts, until),
    async loadBalancer(server) {
      return createHaproxy(await open(server), clock);
    },
    async database(server) {
      return createMariadb(await open(server), clock, secret, database.port);
    },
    async application(server) {
      const settings = {
        port: application.port,
        publicHost: names.public,
        database,
        prepareMs: limits.prepareSeconds * 1000,
        path: parts.path,
      };
      return createApplication(await open(server), settings, secret, randomUUID);
    },
    async ask(server, asker, check, timeoutMs) {
      const host = await open(server);
      const headers: Record<string, string> = asker.tester ? { "x-changeover-tester": secret("tester") } : {};
      const dial = () => host.dial({ host: host.address, port: asker.port }, timeoutMs);
      return ask(dial, withKey(check, randomUUID()), { host: asker.host, headers, timeoutMs });
    },
  };
}

interface Hosts {
  open(server: string): Promise<Host>;
  provider: Provider;
}

/** A server is looked up once, and again after it was launched, relabelled or retired through the same world. */
function rememberHosts(provider: Provider, environment: string): Hosts {
  const known = new Map<string, Promise<Host>>();
  const forgetting = <A extends unknown[], R>(act: (...args: A) => Promise<R>) => {
    return (...args: A): Promise<R> => act(...args).finally(() => known.clear());
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
      list: (name) => provider.list(name),
      open: (name, server) => provider.open(name, server),
      addressTaken: (address, ports) => provider.addressTaken(address, ports),
      close: () => provider.close(),
      launch: forgetting((record) => provider.launch(record)),
      relabel: forgetting((name, server, labels) => provider.relabel(name, server, labels)),
      retire: forgetting((name, server) => provider.retire(name, server)),
    } satisfies Provider,
  };
}
