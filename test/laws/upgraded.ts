/** One upgrade under clients, told as what the laws ask about: its end, its writes, and the site before and after. */
import { expect } from "vitest";
import type { SimulatedRelease } from "../../src/providers/simulated/programs.ts";
import { type Clients, startClients } from "./clients.ts";
import {
  harmBeyondExports,
  leftOnLoadBalancers,
  nothingWrong,
  picture,
  servingDatabase,
  watchPrimaries,
} from "./picture.ts";
import { bringUp, planUpgrade, run, type RunOptions, type ShopSite } from "./run.ts";

export interface Story extends RunOptions {
  failAt?: string | null;
  /** More than 0: the way back is kept behind a gate after the reopening. */
  keepSeconds?: number;
  /** How release 2 misbehaves. */
  misbehaves?: Partial<SimulatedRelease>;
  /** Done to the site before the upgrade begins. */
  prepare?: (shop: ShopSite) => void;
  /** Told once the clients write. */
  begun?: (clients: Clients) => void;
}

const QUIET_MS = 1_000;

export async function upgradeUnderClients({
  failAt = null,
  keepSeconds = 0,
  misbehaves,
  prepare,
  begun,
  ...options
}: Story = {}) {
  const shop = await bringUp();
  const { site, world } = shop;
  const broken = watchPrimaries(site);
  const clients = startClients(site);
  begun?.(clients);
  await site.clock.sleep(QUIET_MS);
  const before = await picture(site, world);
  Object.assign(site.releases["2"] ?? {}, misbehaves);
  prepare?.(shop);
  const plan = await planUpgrade(shop, "2", failAt, keepSeconds);
  const ran = await run(shop, plan, options);
  await site.clock.sleep(QUIET_MS);
  clients.stop();
  await site.clock.sleep(QUIET_MS);
  const after = await picture(site, world);
  return { shop, plan, ...ran, broken, clients, before, after };
}

export type Told = Awaited<ReturnType<typeof upgradeUnderClients>>;

/** What holds at the end of every upgrade that ended by itself, whichever way it went. */
export function expectWhole({ shop: { site }, broken, clients, end, after }: Told): void {
  expect(broken, "moments with two writable primaries").toEqual([]);
  expect(["upgraded", "rolled-back"]).toContain(end.state);
  expect(harmBeyondExports(site, clients)).toEqual(nothingWrong);
  expect(leftOnLoadBalancers(site)).toEqual([]);
  const primary = servingDatabase(site);
  const wanted = end.state === "upgraded" ? site.releases["2"] : site.releases["1"];
  expect(primary?.history.schema).toEqual(wanted?.schema);
  const inService = after.databases.filter(({ labels }) => labels.kept === undefined);
  expect(inService.map(({ name, writable }) => [name === primary?.name, writable]).sort()).toEqual([
    [false, false],
    [true, true],
  ]);
  for (const { name, writable, following, bootsWritable, bootsFollowing, migrationAllowed } of inService) {
    const restarted = { writable: bootsWritable, follows: bootsFollowing };
    expect(restarted, `"${name}" after its next boot`).toEqual({ writable, follows: following !== null });
    expect(migrationAllowed, `"${name}" lets its migration account through`).toBe(false);
  }
  const scheduled = after.databases.filter(({ labels }) => labels.backups === "on").map(({ name }) => name);
  expect(scheduled, "scheduled backups run on exactly those in service").toEqual(inService.map(({ name }) => name));
  const replica = inService.find(({ name }) => name !== primary?.name);
  expect(replica).toMatchObject({ replicating: true, following: primary?.address, schema: wanted?.schema });
  const [, last] = [clients.acknowledged.at(0), clients.acknowledged.at(-1)];
  expect(last?.landed, "the public writes again").toBe(primary?.name);
  expect(last?.at).toBeGreaterThan(site.clock.now() - 2 * QUIET_MS);
}

/** After a way back: the same as before, except for what is kept for diagnosis and which server is the primary. */
export function expectAsBefore({ before, after }: Told): void {
  expect(after.loadBalancers.map(({ endpoints, ...rest }) => ({ ...rest, green: endpoints.b }))).toEqual(
    before.loadBalancers.map(({ endpoints, ...rest }) => ({ ...rest, green: endpoints.b })),
  );
  const serving = ({ applications }: Told["after"]) => applications.filter(({ labels }) => labels.kept === undefined);
  expect(serving(after)).toEqual(before.applications);
  const kept = [...after.applications, ...after.databases].filter(({ labels }) => labels.kept !== undefined);
  for (const { labels } of kept) expect(labels.kept).toBe("diagnosis of u-1");
  for (const one of kept) expect("running" in one ? one.running : one.web === "running").toBe(false);
}

/** The site is as good as new: the next upgrade's guards pass, and it succeeds. */
export async function expectNextUpgrade({ shop }: Told): Promise<void> {
  const { site, world } = shop;
  Object.assign(site.releases["2"] ?? {}, { migration: "good", web: "good" } satisfies Partial<SimulatedRelease>);
  const { end } = await run(shop, await planUpgrade(shop, "2"), { upgrade: "u-2" });
  expect(end).toEqual({ state: "upgraded" });
  const { applications, databases } = await picture(site, world);
  expect([...applications, ...databases].filter(({ labels }) => labels.kept)).toEqual([]);
}
