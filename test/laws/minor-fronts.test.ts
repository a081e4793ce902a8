/** Laws of front ends that are replaced: load balancers, servers and their address go together, and nobody notices. */
import { describe, expect, test } from "vitest";
import { everyRecord } from "../../src/plan/layout.ts";
import { readInventory } from "../../src/observe/inventory.ts";
import { expectNothingLost, type Told } from "./backed-up.ts";
import { ADDRESS, frontEnds, split } from "./fronts.ts";
import { upgradeFronts } from "./minor.ts";
import { tellingMoments } from "./moments.ts";
import { leftOnLoadBalancers } from "./picture.ts";

const unnoticed = { page: 0, refused: 0, failed: 0 };

/** Whoever is on each host, without what is kept: "lb-1 app-1". */
async function hostsOf({ shop: { world } }: Told): Promise<string[]> {
  const found = new Map<string, string[]>();
  for (const { name, address, labels } of everyRecord(await readInventory(world))) {
    if (labels.kept === undefined) found.set(address, [...(found.get(address) ?? []), name]);
  }
  return [...found.values()].map((names) => names.join(" ")).sort();
}

const holdersIn = ({ shop: { site } }: Told): string[] =>
  site
    .loadBalancers()
    .filter(({ floating }) => floating.has(ADDRESS))
    .map(({ name }) => name);

function expectUnnoticed(seen: Told, what: string): void {
  expect(seen.clients.seen, what).toEqual(unnoticed);
  expectNothingLost(seen);
  expect(leftOnLoadBalancers(seen.shop.site), what).toEqual([]);
}

const BEFORE = ["burst-1", "db-1", "db-2", "lb-1 app-1", "lb-2 app-2"];

describe.each([
  ["by front ends", frontEnds, ["burst-2", "db-1", "db-2", "lb-3 app-3", "lb-4 app-4"]],
  ["by load balancers and servers of their own", split, ["app-3", "app-4", "burst-2", "db-1", "db-2", "lb-3", "lb-4"]],
] as const)("front ends replaced %s", (how, wanted, after) => {
  test("the new ones serve and hold the address, and the old ones are gone", async () => {
    const seen = await upgradeFronts(wanted);
    expect(seen.end, JSON.stringify(seen.end)).toEqual({ state: "upgraded" });
    expectUnnoticed(seen, how);
    expect(await hostsOf(seen)).toEqual(after);
    expect(holdersIn(seen)).toEqual(["lb-3"]);
  });

  test("every step can fail, and the old ones serve and hold the address", async () => {
    const names = (await upgradeFronts(wanted)).plan.stages.flatMap(({ steps }) => steps.map(({ step }) => step));
    for (const failAt of new Set(names.slice(0, names.indexOf("retire-servers")))) {
      const seen = await upgradeFronts(wanted, { failAt });
      expect(seen.end, failAt).toMatchObject({ state: "rolled-back" });
      expectUnnoticed(seen, `${how} at ${failAt}`);
      expect([await hostsOf(seen), holdersIn(seen)], failAt).toEqual([BEFORE, ["lb-1"]]);
    }
  }, 60_000);

  test("taken back while the old ones are kept", async () => {
    const ask = async () => ({ kind: "refused", what: "back, please", why: "-", next: "-" }) as const;
    const seen = await upgradeFronts(wanted, { keepSeconds: 3600, ask });
    expect(seen.end).toMatchObject({ state: "rolled-back", reason: { what: "back, please" } });
    expectUnnoticed(seen, how);
    expect([await hostsOf(seen), holdersIn(seen)]).toEqual([BEFORE, ["lb-1"]]);
  });

  test("a crash at a moment of any kind ends the same", async () => {
    const { moments } = await upgradeFronts(wanted);
    const telling = tellingMoments(moments).filter((_, turn) => turn % 17 === 0);
    expect(telling.length).toBeGreaterThan(5);
    for (const at of telling) {
      const seen = await upgradeFronts(wanted, { deaths: [at] });
      const what = `${how}, died at ${moments[0]?.[at]}`;
      expect(seen.end, what).toEqual({ state: "upgraded" });
      expectUnnoticed(seen, what);
      expect([await hostsOf(seen), holdersIn(seen)], what).toEqual([after, ["lb-3"]]);
    }
  }, 120_000);
});
