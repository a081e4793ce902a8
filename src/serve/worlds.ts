/** How the world of an environment is put together: its provider, drivers, secrets and what it may reach. */
import { belongingsOf } from "./belongings.ts";
import { dirname, join, resolve } from "node:path";
import { createWorld } from "../drivers/world.ts";
import type { EnvironmentDefinition } from "../model/environment.ts";
import { Problem } from "../model/problem.ts";
import type { Provider } from "../model/provider.ts";
import type { Catalogue } from "../model/template/catalogue.ts";
import type { World } from "../model/world.ts";
import type { SshPool } from "../providers/ssh/pool.ts";
import { createLocalProvider } from "../providers/local/provider.ts";
import { systemClock } from "../run/clock.ts";
import { neighboursOf } from "../run/isolation.ts";
import { missingCredentials } from "../model/credential.ts";
import { type Artefacts } from "../store/artefacts.ts";
import { dataSourceOf } from "../store/data-source.ts";
import { openExports } from "../store/exports.ts";
import { findEnvironment, originOf, type SavedEnvironment } from "../store/environments.ts";
import { type Credentials } from "../store/credentials.ts";
import { secretsOf } from "../store/known-secrets.ts";
import { type Secrets } from "../store/secrets.ts";
import { type Store } from "../store/store.ts";
import { newestToken, unfinishedUpgrade } from "../store/upgrades.ts";

export async function openWorld(
  store: Store,
  parts: Parts,
  name: string,
  token: number,
  toLook: (name: string) => Promise<number>,
): Promise<World> {
  const saved = await findEnvironment(store, name);
  if (!saved)
    throw new Problem("not-found", {
      what: `there is no environment "${name}"`,
      why: "nobody brought it up",
      next: "changeover up",
    });
  const of = originOf(saved);
  // Under the same token: while a clone is made, nothing else changes the environment it is made of.
  const origin = of === null ? null : { name: of, open: () => openWorld(store, parts, of, token, toLook), lends: true };
  const from = origin === null ? await dataSourceOf(store, name) : null;
  // Only read, each time under a token that makes nothing stale there: it goes its own way meanwhile.
  const source =
    from === null
      ? null
      : { name: from, open: async () => openWorld(store, parts, from, await toLook(from), toLook), lends: false };
  return buildWorld(saved, token, { ...parts, store }, origin ?? source);
}

export async function tokenToLook(store: Store, environment: string, boot: number): Promise<number> {
  const upgrade = await unfinishedUpgrade(store, environment);
  return upgrade && upgrade.token > 0 ? upgrade.token : Math.max(boot, await newestToken(store, environment));
}

export interface Parts {
  home: string;
  secrets: Secrets;
  credentials: Credentials;
  artefacts: Artefacts;
}

async function buildWorld(
  saved: SavedEnvironment,
  token: number,
  { home, secrets, credentials, artefacts, store }: Parts & { store: Store },
  origin: { name: string; open(): Promise<World>; lends: boolean } | null,
) {
  const { definition } = saved;
  const { environment } = definition;
  return createWorld({
    definition,
    origin,
    rehearsal: origin?.lends === true,
    neighbours: () => neighboursOf(belongingsOf(store, secrets, credentials), store, saved),
    provider: await buildProvider(saved, token, home),
    clock: systemClock,
    secret: secrets.of(environment),
    credential(name) {
      // A clone borrows what was not set for it: they are no account of its database.
      const value =
        credentials.value(environment, name) ?? (origin?.lends ? credentials.value(origin.name, name) : null);
      if (value !== null) return value;
      throw missingCredentials(environment, [name], "a process can't be started");
    },
    secrets: () =>
      [environment, ...(origin ? [origin.name] : [])].flatMap((name) => secretsOf(name, secrets, credentials)),
    artefact: (hash) => artefacts.read(hash),
    exports: openExports(home),
    beside: (path) => resolve(dirname(saved.definitionPath), path),
    path: process.env.PATH ?? null,
  });
}

/** Asked before there is anything: looking needs no token. */
export async function catalogueOf(
  home: string,
  definition: EnvironmentDefinition,
  definitionPath: string,
): Promise<Catalogue> {
  const provider = await buildProvider({ definition, definitionPath }, 0, home);
  try {
    return await provider.catalogue();
  } finally {
    await provider.close();
  }
}

export async function buildProvider(
  { definition, definitionPath }: Pick<SavedEnvironment, "definition" | "definitionPath">,
  token: number,
  home: string,
): Promise<Provider> {
  const wanted = definition.provider;
  if (wanted.kind === "local") return createLocalProvider({ directory: join(home, "servers"), token: () => token });
  // Loaded only where it is used: it brings the SSH client.
  const [{ createSshHostsProvider, createSshProvider }, { transport: connect }] = await Promise.all([
    import("../providers/ssh/provider.ts"),
    connections(),
  ]);
  const beside = (path: string): string => resolve(dirname(definitionPath), path);
  const { kind: _, host = "", hosts, ...rest } = wanted;
  const [identityFile, knownHosts] = [beside(rest.identityFile), beside(rest.knownHosts)];
  const settings = { ...rest, identityFile, knownHosts, connect, token: () => token };
  return hosts ? createSshHostsProvider({ ...settings, hosts }) : createSshProvider({ ...settings, host });
}

let pool: Promise<SshPool> | null = null;

/** One pool for the whole control plane: a world is opened for each thing that is asked, a connection is not. */
function connections(): Promise<SshPool> {
  pool ??= import("../providers/ssh/pool.ts").then(({ createSshPool }) => createSshPool());
  return pool;
}
