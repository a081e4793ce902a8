/** The simulated shop under watch: a real control database, simulated servers and time, and receivers that remember. */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Message } from "../../src/model/alerts/message.ts";
import { alertsSchema } from "../../src/model/alerts/rule.ts";
import { Problem } from "../../src/model/problem.ts";
import type { World } from "../../src/model/world.ts";
import type { LookParts } from "../../src/run/alert-look.ts";
import { createAlertWatch } from "../../src/run/alert-watch.ts";
import { type AlertDesk, openAlerts } from "../../src/run/alerts.ts";
import type { Environments } from "../../src/run/environments.ts";
import { recordActivity } from "../../src/store/activity.ts";
import { ensureEmbedded, removeEmbedded } from "../../src/store/embedded.ts";
import { findEnvironment, forgetEnvironment, saveEnvironment } from "../../src/store/environments.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { createSimulatedWorld } from "../../src/providers/simulated/world.ts";
import { bringUp, nextToken, type ShopSite } from "../laws/run.ts";
import { network, shop } from "../laws/shop.ts";

const LOOK_SECONDS = 5;

export interface ControlDatabase {
  store: Store;
  close(): Promise<void>;
}

export async function openControlDatabase(): Promise<ControlDatabase> {
  const home = mkdtempSync(path.join(os.tmpdir(), "changeover-alerts-"));
  const store = await openStore({ url: (await ensureEmbedded({ home })).url });
  const close = async (): Promise<void> => {
    await store.close();
    await removeEmbedded({ home });
    rmSync(home, { recursive: true, force: true });
  };
  return { store, close };
}

export interface Watched extends ShopSite {
  store: Store;
  desk: AlertDesk;
  /** Each message with the host that it was sent to. */
  sent: { to: string; message: Message }[];
  scripts: string[];
  parts: LookParts;
  /** Time goes on, and the control plane looks as often as it does. */
  goOn(seconds: number): Promise<void>;
  /** From now on the primary takes writes, two in a second. */
  write(): void;
  /** For changing the shop: under a newer token than whatever acted before. */
  changing(): World;
  change(rules: unknown): Promise<void>;
}

/** Anew each time: what an earlier scenario left is gone. */
export async function watch(
  store: Store,
  rules: unknown,
  over: { parts?: Partial<LookParts>; worldOf?: (world: World) => World } = {},
): Promise<Watched> {
  const live = await bringUp();
  const { site, world } = live;
  const change = async (wanted: unknown): Promise<void> => {
    const definition = { ...shop, alerts: alertsSchema.parse(wanted) };
    await saveEnvironment(store, {
      name: "shop",
      definition,
      definitionPath: "/shop.yaml",
      network: { prefix: network },
    });
  };
  for (const table of ["votes", "activity"]) await store.query(`delete from changeover.${table}`);
  await store.query("update changeover.upgrades set state = 'rolled-back', ended_at = now() where ended_at is null");
  await forgetEnvironment(store, "shop");
  await change(rules);
  const [sent, scripts]: [Watched["sent"], string[]] = [[], []];
  const parts: LookParts = {
    ...{ store, clock: site.clock, boot: 1 },
    world: async () => (over.worldOf ?? ((one: World) => one))(world),
    credential(_environment, name) {
      if (name === "hook") return "https://hooks.example/secret-part";
      throw new Problem("refused", {
        what: `no credential ${name}`,
        why: "nobody set it",
        next: "changeover credential set",
      });
    },
    send: async (message, { url }) => void sent.push({ to: new URL(url).host, message }),
    runScript: async ({ server, script }) => void scripts.push(`${script} on ${server}`),
    record: (done) => recordActivity(store, done),
    ...over.parts,
  };
  const control = createAlertWatch(parts, (line) => {
    throw new Error(line);
  });
  const find = async (name: string) => ({ ...(await findEnvironment(store, name)) });
  return {
    ...live,
    ...{ store, sent, scripts, parts, change },
    write() {
      let number = 0;
      const next = (): void => {
        number += 1;
        site.database("db-1").append({ kind: "put", key: `row ${number}` });
        site.clock.after(500, next);
      };
      next();
    },
    changing: () => createSimulatedWorld({ site, clock: site.clock, token: nextToken() }),
    desk: openAlerts({ ...parts, environments: { find } as unknown as Environments }),
    async goOn(seconds) {
      for (let passed = 0; passed < seconds; passed += LOOK_SECONDS) {
        await site.clock.advance(LOOK_SECONDS * 1000);
        await control.tick();
        // Not as one who waits for time to pass: the control database answers in real time.
        await control.settled();
      }
    },
  };
}
