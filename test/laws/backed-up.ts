/** Backups and restores of the simulated shop under clients, told as what the laws ask about. */
import { expect } from "vitest";
import type { HeldBackup } from "../../src/model/backup.ts";
import { inWords, tableDifferences } from "../../src/model/content.ts";
import type { Plan } from "../../src/model/plan.ts";
import { readInventory } from "../../src/observe/inventory.ts";
import { planBackup } from "../../src/plan/strategies/backup/backup.ts";
import { planVerify } from "../../src/plan/strategies/backup/verify.ts";
import { planRestore } from "../../src/plan/strategies/restore/restore.ts";
import { heldBackups } from "../../src/steps/parts/held-backups.ts";
import { startClients } from "./clients.ts";
import { leftOnLoadBalancers, picture, servingDatabase, watchPrimaries, wrongWrites, nothingWrong } from "./picture.ts";
import { bringUp, type Ran, run, type RunOptions, type ShopSite } from "./run.ts";
import { network, shop } from "./shop.ts";

const QUIET_MS = 1_000;

export async function planBackupOf({ world }: ShopSite, why: "schedule" | "person" = "person"): Promise<Plan> {
  return planBackup({ definition: shop, network, inventory: await readInventory(world), why });
}

export async function planVerifyOf({ world }: ShopSite, held: HeldBackup): Promise<Plan> {
  return planVerify({ definition: shop, network, inventory: await readInventory(world), held });
}

export async function planRestoreOf({ site, world }: ShopSite, held: HeldBackup): Promise<Plan> {
  const primary = await world.database(servingDatabase(site)?.name ?? "");
  const [now, then] = [await primary.checksums(), held.backup.content?.tables ?? []];
  return planRestore({
    definition: shop,
    network,
    inventory: await readInventory(world),
    held,
    schema: await primary.schemaFingerprint(),
    loss: inWords(tableDifferences(now, then, { left: "the primary", right: "the backup" })),
  });
}

export async function heldIn({ world }: ShopSite, id: string): Promise<HeldBackup> {
  const found = (await heldBackups(world)).find(({ backup }) => backup.id === id);
  if (!found) throw new Error(`there is no backup ${id}`);
  return found;
}

export interface Story extends RunOptions {
  failAt?: string | null;
  prepare?: (shop: ShopSite) => void;
}

/** Something is done while clients write before, meanwhile and afterwards. */
export async function underClients(shop: ShopSite, makePlan: () => Promise<Plan>, story: Story = {}) {
  const { site, world } = shop;
  const broken = watchPrimaries(site);
  const clients = startClients(site, `${story.upgrade ?? "u-1"}-`);
  await site.clock.sleep(QUIET_MS);
  const before = await picture(site, world);
  const plan = { ...(await makePlan()), failAt: story.failAt ?? null };
  const from = site.clock.now();
  const ran: Ran = await run(shop, plan, { ...story, upgrade: story.upgrade ?? "u-1" });
  await site.clock.sleep(QUIET_MS);
  clients.stop();
  await site.clock.sleep(QUIET_MS);
  return { shop, plan, ...ran, broken, clients, from, before, after: await picture(site, world) };
}

export type Told = Awaited<ReturnType<typeof underClients>>;

export async function backUpUnderClients(story: Story = {}): Promise<Told> {
  const shop = await bringUp();
  story.prepare?.(shop);
  return underClients(shop, () => planBackupOf(shop), story);
}

/** A backup is there, and more was written since; then it is restored. */
export async function restoreUnderClients(story: Story = {}): Promise<Told & { held: HeldBackup }> {
  const { shop, end } = await backUpUnderClients({ upgrade: "u-0" });
  if (end.state !== "upgraded") throw new Error(`no backup to restore: ${JSON.stringify(end)}`);
  const held = await heldIn(shop, "u-0-backup");
  story.prepare?.(shop);
  return { ...(await underClients(shop, () => planRestoreOf(shop, held), story)), held };
}

/** One primary, one replica of it in sync, nothing held or paged, backups where they belong, however it ended. */
export function expectInOrder({ shop: { site }, broken, end, after, clients }: Told): void {
  expect(broken, "moments with two writable primaries").toEqual([]);
  expect(["upgraded", "rolled-back"], JSON.stringify(end)).toContain(end.state);
  expect(leftOnLoadBalancers(site)).toEqual([]);
  const primary = servingDatabase(site);
  const inService = after.databases.filter(({ labels }) => labels.kept === undefined);
  expect(inService.map(({ name, writable }) => [name === primary?.name, writable]).sort()).toEqual([
    [false, false],
    [true, true],
  ]);
  for (const one of inService) {
    expect(one.labels.backups, `scheduled backups on ${one.name}`).toBe("on");
    expect({ writable: one.bootsWritable, follows: one.bootsFollowing }).toEqual({
      writable: one.writable,
      follows: one.following !== null,
    });
  }
  expect(inService.find(({ name }) => name !== primary?.name)).toMatchObject({
    replicating: true,
    following: primary?.address,
  });
  const last = clients.acknowledged.at(-1);
  expect(last?.landed, "the public writes").toBe(primary?.name);
  expect(last?.at).toBeGreaterThan(site.clock.now() - 2 * QUIET_MS - 100);
}

export const expectNothingLost = ({ shop: { site }, clients }: Told): void =>
  expect(wrongWrites(site, clients)).toEqual(nothingWrong);

/** The release, the servers and the pools are what they were, but for the databases and counters. */
export const expectSameSite = ({ before, after }: Told): void => {
  expect(after.applications).toEqual(before.applications);
  expect(after.loadBalancers.map(({ endpoints: _, ...rest }) => rest)).toEqual(
    before.loadBalancers.map(({ endpoints: _, ...rest }) => rest),
  );
};
