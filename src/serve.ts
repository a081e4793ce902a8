/** The control plane, wired: store, engine, providers, drivers and api meet here and nowhere else. */
import { rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join, resolve } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { createApp } from "./api/app.ts";
import { mustBeAlone } from "./cli/alone.ts";
import { findHome, makeHome, socketOf } from "./cli/home.ts";
import { VERSION } from "./cli/installation.ts";
import { sendMessage } from "./drivers/webhook/send.ts";
import { createWorld } from "./drivers/world.ts";
import type { Activity } from "./model/activity.ts";
import type { EnvironmentDefinition } from "./model/environment.ts";
import { Problem } from "./model/problem.ts";
import { redactionOf } from "./model/redaction.ts";
import type { Provider } from "./model/provider.ts";
import type { Catalogue } from "./model/template/catalogue.ts";
import type { World } from "./model/world.ts";
import { createLocalProvider } from "./providers/local/provider.ts";
import type { LookParts } from "./run/alert-look.ts";
import { watchAlerts } from "./run/alert-watch.ts";
import { openAlerts } from "./run/alerts.ts";
import { openBackups } from "./run/backups.ts";
import { systemClock } from "./run/clock.ts";
import { openControlPlane } from "./run/control-plane.ts";
import { startEngine } from "./run/engine.ts";
import { openCredentialDesk } from "./run/credentials.ts";
import { sharedCredentials } from "./run/carried.ts";
import { keepLogDiscreet } from "./run/discreet-log.ts";
import { openEnvironmentClones } from "./run/environment-clones.ts";
import { type EnvironmentParts, openEnvironments } from "./run/environments.ts";
import { noDefinitions, noTemplates } from "./run/input-ground.ts";
import { openInputs } from "./run/inputs.ts";
import { openLaunches } from "./run/launches.ts";
import { openLockDesk } from "./run/lock-desk.ts";
import { openLockdown } from "./run/lockdown.ts";
import { openNamesDesk } from "./run/names.ts";
import { type Belongings, neighboursOf } from "./run/isolation.ts";
import { chooseNetwork } from "./run/network.ts";
import { openGroups } from "./run/groups.ts";
import { runGroups } from "./run/group-loop.ts";
import { runSchedule } from "./run/scheduled-backups.ts";
import { openRehearsals } from "./run/rehearsals.ts";
import { openServers } from "./run/servers.ts";
import { openScripts } from "./run/scripts.ts";
import { openLibrary } from "./run/template-library.ts";
import { openTemplates } from "./run/templates.ts";
import { steps } from "./steps/registry.ts";
import { readActivity, recordActivity } from "./store/activity.ts";
import { seal } from "./model/isolation/footprint.ts";
import { missingCredentials } from "./model/credential.ts";
import { type Artefacts, openArtefacts } from "./store/artefacts.ts";
import { openChanges } from "./store/changes.ts";
import { ensureEmbedded, removeEmbedded, stopEmbedded } from "./store/embedded.ts";
import { dataSourceOf } from "./store/data-source.ts";
import { openExports } from "./store/exports.ts";
import {
  findEnvironment,
  listEnvironments,
  originOf,
  ownEnvironments,
  type SavedEnvironment,
} from "./store/environments.ts";
import { type Credentials, openCredentials } from "./store/credentials.ts";
import { everySecret, secretsOf } from "./store/known-secrets.ts";
import { openSecrets, type Secrets } from "./store/secrets.ts";
import { openStore, type Store } from "./store/store.ts";
import { takeToken } from "./store/tokens.ts";
import { newestToken, unfinishedUpgrade } from "./store/upgrades.ts";

/** How long another control plane on the same external database must be dead before its upgrades are taken over. */
const TAKEOVER_MS = 15_000;

export async function serve(): Promise<void> {
  const home = makeHome(findHome());
  await mustBeAlone(home);
  const [secrets, credentials] = [openSecrets(home), openCredentials(home)];
  const redact = redactionOf(() => everySecret(secrets, credentials, process.env));
  keepLogDiscreet(redact);
  const external = process.env.DATABASE_URL;
  const revive = external ? undefined : () => ensureEmbedded({ home });
  const url = external ?? (await ensureEmbedded({ home })).url;
  const store = await openStore({ url });
  const parts = { home, secrets, credentials, artefacts: openArtefacts(home) };
  const worldOf = (name: string, token: number): Promise<World> =>
    openWorld(store, parts, name, token, async (other) => tokenToLook(store, other, engine.token));
  const engine = await startEngine({
    store,
    url,
    revive,
    steps,
    world: worldOf,
    clock: systemClock,
    takeoverMs: external ? TAKEOVER_MS : 0,
  });
  // Looking must neither be refused nor make an upgrade in flight stale.
  const look = async (name: string) => worldOf(name, await tokenToLook(store, name, engine.token));
  const change = async (name: string) => worldOf(name, await takeToken(store));
  const opened = { ...environmentParts(store, parts), world: look, worldToChange: change };
  const environments = openEnvironments(opened);
  const servers = openServers({
    ...{ store, engine, environments, clock: systemClock },
    credentials: opened.credentials,
  });
  const library = openLibrary({ store, artefacts: parts.artefacts });
  const { belongings } = opened;
  const clones = openEnvironmentClones({
    store,
    environments,
    belongings,
    carriers: [sharedCredentials(store, credentials)],
  });
  const backupParts = { store, engine, environments, clock: systemClock, world: look };
  const backups = openBackups(backupParts);
  const schedule = runSchedule(backupParts, backups);
  const record = (done: Omit<Activity, "at">) =>
    recordActivity(store, { ...done, problem: done.problem && redact(done.problem) });
  const groupParts = { ...backupParts, record };
  const groups = openGroups(groupParts);
  const scaling = runGroups(groupParts, groups);
  const scripts = openScripts({ store, engine, environments });
  const alertParts: LookParts = {
    ...{ store, clock: systemClock, boot: engine.token, world: look, record, send: sendMessage },
    runScript: async ({ environment, server, script }, by) => {
      const selection = { kind: "named" as const, servers: [server] };
      await scripts.run(environment, { script, selection, given: {}, by, yes: true, dryRun: false });
    },
    credential: (name, credential) => credentials.value(name, credential) ?? noCredential(name, credential),
  };
  const watch = watchAlerts(alertParts);
  const rehearsals = openRehearsals({ store, engine, environments });
  const inputs = openInputs({
    ...{ store, environments, clock: systemClock, redact, credentials: environmentParts(store, parts).credentials },
    ...{ templates: noTemplates, definitions: noDefinitions },
  });
  const locks = openLockDesk({ store, environments });
  const { artefacts } = parts;
  const changes = await openChanges({ url, revive });
  const app = createApp({
    controlPlane: openControlPlane({
      store,
      engine,
      environments,
      credentials: openCredentialDesk(store, credentials),
      locks,
      lockdown: openLockdown({ store, environments, artefacts, locks }),
      backups,
      servers,
      inputs,
      groups,
      alerts: openAlerts({ ...alertParts, environments }),
      names: openNamesDesk({ ...backupParts, credentials: opened.credentials }),
      rehearsals,
      templates: openTemplates({ store, library, environments, catalogue: (...of) => catalogueOf(home, ...of) }),
      scripts,
      clones,
    }),
    redact,
    activity: {
      record,
      read: (filter) => readActivity(store, filter),
    },
    changed: (ms) => changes.next(ms),
    health: async () => ({
      version: VERSION,
      pid: process.pid,
      token: engine.token,
      databasePid: external ? null : (await ensureEmbedded({ home })).pid,
      // Clones come and go with their rehearsals: nobody is asked to choose between them and what is theirs.
      environments: (await ownEnvironments(store)).map(({ name }) => name),
    }),
    async shutDown(forget) {
      server.close();
      const loops = [rehearsals, schedule, scaling, watch].map((loop) => loop.stop());
      const stopped = Promise.all(loops).then(() => engine.stop());
      await Promise.race([stopped, systemClock.sleep(5_000)]);
      await changes.close();
      await store.close();
      if (forget) for (const name of credentials.environments()) credentials.forget(name);
      if (!external) await (forget ? removeEmbedded({ home }) : stopEmbedded({ home }));
      process.exit(0);
    },
  });
  const server = createServer(getRequestListener(app.fetch));
  // Two that began at the same time saw nobody.
  await mustBeAlone(home);
  listen(server, home);
}

function noCredential(environment: string, name: string): never {
  throw missingCredentials(environment, [name], "a message can't be sent");
}

async function openWorld(
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

function environmentParts(
  store: Store,
  { home, secrets, credentials, artefacts }: Parts,
): Omit<EnvironmentParts, "world" | "worldToChange"> {
  const credentialsOf = async (name: string): Promise<string[]> => {
    const saved = await findEnvironment(store, name);
    return credentials.names((saved && originOf(saved)) ?? name);
  };
  return {
    store,
    artefacts,
    launches: openLaunches({
      library: openLibrary({ store, artefacts }),
      catalogue: (...of) => catalogueOf(home, ...of),
      credentials: credentialsOf,
    }),
    chooseNetwork: async (name, wide) => {
      const others = (await listEnvironments(store)).map(({ network }) => String(network.prefix));
      return chooseNetwork(home, name, others, wide);
    },
    credentials: credentialsOf,
    forget(name) {
      secrets.forget(name);
      credentials.forget(name);
    },
    belongings: belongingsOf(secrets, credentials),
  };
}

/** Inputs that our own store holds come in here, at all their levels. */
const belongingsOf = (secrets: Secrets, credentials: Credentials): Belongings => ({
  sealed: (name) => ({
    credentials: credentials.names(name).flatMap((one) => {
      try {
        return [seal(one, credentials.value(name, one) ?? "")];
      } catch {
        // What can't be opened any more is given to no process either.
        return [];
      }
    }),
    secrets: secrets.named(name).map(([one, value]) => seal(one, value)),
  }),
  inputs: async () => [],
});

async function tokenToLook(store: Store, environment: string, boot: number): Promise<number> {
  const upgrade = await unfinishedUpgrade(store, environment);
  return upgrade && upgrade.token > 0 ? upgrade.token : Math.max(boot, await newestToken(store, environment));
}

/** Only who may write to the home folder may speak to the control plane. */
function listen(server: ReturnType<typeof createServer>, home: string): void {
  const socket = socketOf(home);
  // Nobody answers there: it belongs to a control plane that has died.
  rmSync(socket, { force: true });
  const mask = process.umask(0o177);
  // The socket is made before this returns; whatever an upgrade in flight starts must not get this mask.
  server.listen(socket, () => writeFileSync(join(home, "control.pid"), String(process.pid)));
  process.umask(mask);
}

interface Parts {
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
    neighbours: () => neighboursOf(belongingsOf(secrets, credentials), store, saved),
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
async function catalogueOf(
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

async function buildProvider(
  { definition, definitionPath }: Pick<SavedEnvironment, "definition" | "definitionPath">,
  token: number,
  home: string,
): Promise<Provider> {
  const wanted = definition.provider;
  if (wanted.kind === "local") return createLocalProvider({ directory: join(home, "servers"), token: () => token });
  // Loaded only where it is used: it brings the SSH client.
  const { createSshProvider } = await import("./providers/ssh/provider.ts");
  const beside = (path: string): string => resolve(dirname(definitionPath), path);
  const { kind: _, ...settings } = wanted;
  return createSshProvider({
    ...settings,
    identityFile: beside(settings.identityFile),
    knownHosts: beside(settings.knownHosts),
    token: () => token,
  });
}
