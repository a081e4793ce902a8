/** The control plane, wired: store, engine, providers, drivers and api meet here and nowhere else. */
import { openDesks } from "./desks.ts";
import { openWorld, tokenToLook } from "./worlds.ts";
import { rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { createApp } from "../api/app.ts";
import { mustBeAlone } from "../cli/alone.ts";
import { findHome, makeHome, socketOf } from "../cli/home.ts";
import { VERSION } from "../cli/installation.ts";
import type { Activity } from "../model/activity.ts";
import { redactionOf } from "../model/redaction.ts";
import type { World } from "../model/world.ts";
import { systemClock } from "../run/clock.ts";
import { openControlPlane } from "../run/control-plane.ts";
import { startEngine } from "../run/engine.ts";
import { keepLogDiscreet } from "../run/discreet-log.ts";
import { steps } from "../steps/registry.ts";
import { readActivity, recordActivity } from "../store/activity.ts";
import { openArtefacts } from "../store/artefacts.ts";
import { openChanges } from "../store/changes.ts";
import { ensureEmbedded, removeEmbedded, stopEmbedded } from "../store/embedded.ts";
import { ownEnvironments } from "../store/environments.ts";
import { openCredentials } from "../store/credentials.ts";
import { everySecret } from "../store/known-secrets.ts";
import { openSecrets } from "../store/secrets.ts";
import { openStore } from "../store/store.ts";
import { takeToken } from "../store/tokens.ts";

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
  const record = (done: Omit<Activity, "at">) =>
    recordActivity(store, { ...done, problem: done.problem && redact(done.problem) });
  const desks = await openDesks({
    ...{ ...parts, store, engine, record, redact, alone: !external },
    // Looking must neither be refused nor make an upgrade in flight stale.
    world: async (name) => worldOf(name, await tokenToLook(store, name, engine.token)),
    worldToChange: async (name) => worldOf(name, await takeToken(store)),
  });
  const changes = await openChanges({ url, revive });
  const app = createApp({
    controlPlane: openControlPlane({ ...desks, store }),
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
      const stopped = desks.stop().then(() => engine.stop());
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
