/** The law of crashes: a control plane may die at any moment, also twice, and the end is the one without any crash. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { tellingMoments } from "./moments.ts";
import type { ShopSite } from "./run.ts";
import { expectWhole, type Told, upgradeUnderClients } from "./upgraded.ts";

const PATIENCE_MS = 120_000;

/** Forward; and back from before the fence, from behind it, from half a migration, and from a wholly migrated schema. */
const stories = [null, "test-isolated", "freeze-standby", "migrate", "smoke-test"] as const;

function expectSameEnd(told: Told, wanted: Told, what: string): void {
  expect(told.moments.length, `a second control plane, ${what}`).toBeGreaterThan(1);
  expect(told.end.state, what).toBe(wanted.end.state);
  expectWhole(told);
  expect(told.after, what).toEqual(wanted.after);
}

test.each([null, "smoke-test"])(
  "crash at every moment and go on: the same end as without (fails at %s)",
  async (failAt) => {
    const wanted = await upgradeUnderClients({ failAt });
    const telling = tellingMoments(wanted.moments);
    expect(telling.length).toBeGreaterThan(100);
    for (const at of telling) {
      const told = await upgradeUnderClients({ failAt, deaths: [at] });
      expectSameEnd(told, wanted, `died at ${wanted.moments[0]?.[at]}`);
    }
  },
  PATIENCE_MS,
);

test.each([null, "smoke-test"])(
  "crash at a change of a database, which restarts before anybody looks: an end by itself (fails at %s)",
  async (failAt) => {
    const [moments = []] = (await upgradeUnderClients({ failAt })).moments;
    const changes = moments.flatMap((moment, at) => {
      const [, changed] = /^after (?:.*) on "(db-[12])"$/.exec(moment) ?? [];
      return changed === undefined ? [] : [{ at, moment, changed }];
    });
    expect(changes.length).toBeGreaterThan(10);
    for (const { at, moment, changed } of changes) {
      let shop: ShopSite | null = null;
      let seen = 0;
      const told = await upgradeUnderClients({
        failAt,
        deaths: [at],
        prepare: (on) => {
          shop = on;
        },
        // The first control plane sees every moment before its death: the next one is its heir's.
        watch: () => {
          if (seen++ === at) shop?.site.kill(changed, "database");
        },
      });
      expect(told.end.state, `died and restarted ${moment}: ${JSON.stringify(told.end)}`).not.toBe("stuck");
      expectWhole(told);
    }
  },
  PATIENCE_MS,
);

test(
  "crash twice, in any story: the same end as without",
  async () => {
    const straight = new Map<string | null, Told>();
    for (const failAt of stories) straight.set(failAt, await upgradeUnderClients({ failAt }));
    const deaths = fc.record({
      failAt: fc.constantFrom(...stories),
      first: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      second: fc.nat(60),
    });
    await fc.assert(
      fc.asyncProperty(deaths, async ({ failAt, first, second }) => {
        const wanted = straight.get(failAt) as Told;
        const at = Math.floor(first * (wanted.moments[0]?.length ?? 0));
        const told = await upgradeUnderClients({ failAt, deaths: [at, second] });
        expectSameEnd(told, wanted, `died at ${wanted.moments[0]?.[at]}, then again`);
      }),
      { numRuns: 80, seed: 20260 },
    );
  },
  PATIENCE_MS,
);
