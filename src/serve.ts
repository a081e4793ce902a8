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
import { Problem } from "./model/problem.ts";
import { redactionOf } from "./model/redaction.ts";
import type { Provider } from "./model/provider.ts";
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
import { keepLogDiscreet } from "./run/discreet-log.ts";
import { type EnvironmentParts, openEnvironments } from "./run/environments.ts";
import { chooseNetwork } from "./run/network.ts";
import { runSchedule } from "./run/scheduled-backups.ts";
import { openRehearsals } from "./run/rehearsals.ts";
import { steps } from "./steps/registry.ts";
import { readActivity, recordActivity } from "./store/activity.ts";
import { missingCredentials } from "./model/credential.ts";
import { type Artefacts, openArtefacts } from "./store/artefacts.ts";
import { openChanges } from "./store/changes.ts";
import { ensureEmbedded, removeEmbedded, stopEmbedded } from "./store/embedded.ts";
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
  const worldOf = (name: string, token: number): Promise<World> => openWorld(store, parts, name, token);
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
  const environments = openEnvironments({ ...environmentParts(store, parts), world: look, worldToChange: change });
  const backupParts = { store, engine, environments, clock: systemClock, world: look };
  const backups = openBackups(backupParts);
  const schedule = runSchedule(backupParts, backups);
  const record = (done: Omit<Activity, "at">) =>
    recordActivity(store, { ...done, problem: done.problem && redact(done.problem) });
  const alertParts: LookParts = {
    ...{ store, clock: systemClock, boot: engine.token, world: look, record, runScript: null },
    send: (message, receiver) => sendMessage(systemClock, message, receiver),
    credential: (name, credential) => credentials.value(name, credential) ?? noCredential(name, credential),
  };
  const watch = await watchAlerts(alertParts, !external);
  const rehearsals = openRehearsals({ store, engine, environments });
  const changes = await openChanges({ url, revive });
  const app = createApp({
    controlPlane: openControlPlane({
      store,
      engine,
      environments,
      credentials: openCredentialDesk(store, credentials),
      backups,
      alerts: openAlerts({ ...alertParts, environments }),
      rehearsals,
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
      const stopped = Promise.all([rehearsals.stop(), schedule.stop(), watch.stop()]).then(() => engine.stop());
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

async function openWorld(store: Store, parts: Parts, name: string, token: number): Promise<World> {
  const saved = await findEnvironment(store, name);
  if (!saved)
    throw new Problem("not-found", {
      what: `there is no environment "${name}"`,
      why: "nobody brought it up",
      next: "changeover up",
    });
  const of = originOf(saved);
  // Under the same token: while a clone is made, nothing else changes the environment it is made of.
  const origin = of === null ? null : { name: of, open: () => openWorld(store, parts, of, token) };
  return buildWorld(saved, token, parts, origin);
}

function environmentParts(
  store: Store,
  { home, secrets, credentials, artefacts }: Parts,
): Omit<EnvironmentParts, "world" | "worldToChange"> {
  return {
    store,
    artefacts,
    chooseNetwork: async (name, wide) => {
      const others = (await listEnvironments(store)).map(({ network }) => String(network.prefix));
      return chooseNetwork(home, name, others, wide);
    },
    credentials: async (name) => {
      const saved = await findEnvironment(store, name);
      return credentials.names((saved && originOf(saved)) ?? name);
    },
    forget(name) {
      secrets.forget(name);
      credentials.forget(name);
    },
  };
}

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
  { home, secrets, credentials, artefacts }: Parts,
  origin: { name: string; open(): Promise<World> } | null,
) {
  const { definition } = saved;
  const { environment } = definition;
  return createWorld({
    definition,
    origin,
    provider: await buildProvider(saved, token, home),
    clock: systemClock,
    secret: secrets.of(environment),
    credential(name) {
      // A clone borrows what was not set for it: they are no account of its database.
      const value = credentials.value(environment, name) ?? (origin && credentials.value(origin.name, name));
      if (value !== null) return value;
      throw missingCredentials(environment, [name], "a process can't be started");
    },
    secrets: () =>
      [environment, ...(origin ? [origin.name] : [])].flatMap((name) => secretsOf(name, secrets, credentials)),
    artefact: (hash) => artefacts.read(hash),
    exports: openExports(home),
    path: process.env.PATH ?? null,
  });
}

async function buildProvider(
  { definition, definitionPath }: SavedEnvironment,
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
