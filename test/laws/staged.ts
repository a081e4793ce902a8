/** A shop under clients with a proven backup, and the place in which another environment comes up with it. */
import { expect } from "vitest";
import { type EnvironmentDefinition, environmentSchema } from "../../src/model/environment.ts";
import type { Plan } from "../../src/model/plan.ts";
import { planFromBackup } from "../../src/plan/strategies/from-backup.ts";
import { Site } from "../../src/providers/simulated/site.ts";
import { createSimulatedWorld, footprintOf } from "../../src/providers/simulated/world.ts";
import { heldIn, planBackupOf } from "./backed-up.ts";
import { startClients } from "./clients.ts";
import { nothingWrong, picture, watchPrimaries, wrongWrites } from "./picture.ts";
import { bringUp, run, type ShopSite } from "./run.ts";
import { artefacts, network, releases, shop } from "./shop.ts";

const STAGING_NETWORK = "127.1.9";
const QUIET_MS = 1_000;

export const staging: EnvironmentDefinition = environmentSchema.parse({
  ...shop,
  environment: "staging",
  hosts: { public: "staging.shop.test", test: "staging.green.shop.test" },
  isolation: { strict: true },
});

const stagingPlan = (holder: string, backup: string, definition = staging): Plan =>
  planFromBackup({
    ...{ definition, network: { prefix: STAGING_NETWORK }, page: "<h1>soon</h1>", artefacts },
    source: { environment: shop.environment, holder, backup },
  });

/** The live shop has rows before the backup and more of them after it, and its clients never stop. */
export async function takeStage(definition = staging) {
  const live = await bringUp();
  const { site, world } = live;
  const clients = startClients(site);
  await site.clock.sleep(QUIET_MS);
  const taken = await run(live, await planBackupOf(live), { upgrade: "u-backup" });
  expect(taken.end).toEqual({ state: "upgraded" });
  const { server, backup } = await heldIn(live, "u-backup-backup");
  await site.clock.sleep(QUIET_MS);
  const stage = new Site({ definition, clock: site.clock, releases: releases() });
  const others = () => [footprintOf(site, network.prefix)];
  const place: ShopSite = {
    ...{ site: stage, origin: site, others },
    world: createSimulatedWorld({ site: stage, clock: site.clock, token: 0, origin: site, others }),
  };
  const broken = [watchPrimaries(site), watchPrimaries(stage)];
  const before = await picture(site, world);
  const manifest = JSON.stringify(backup);
  return {
    live,
    place,
    plan: stagingPlan(server, backup.id, definition),
    backup,
    /** The public wrote all the time, and everything of the live shop is what it was, also what is known of its backup. */
    async expectUntouched(): Promise<void> {
      await site.clock.sleep(QUIET_MS);
      clients.stop();
      await site.clock.sleep(QUIET_MS);
      expect(await picture(site, world)).toEqual(before);
      expect(JSON.stringify((await heldIn(live, backup.id)).backup)).toBe(manifest);
      expect(clients.seen).toEqual({ page: 0, refused: 0, failed: 0 });
      expect(wrongWrites(site, clients)).toEqual(nothingWrong);
      expect(broken.flat(), "moments with two writable primaries").toEqual([]);
    },
  };
}
