/** The law of crashes: a control plane may die at any moment, also twice, and the end is the one without any crash. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { expectWhole, upgradeUnderClients } from "./upgraded.ts";

/** Forward; and back from before the fence, from behind it, from half a migration, and from a wholly migrated schema. */
const stories = [null, "test-isolated", "freeze-standby", "migrate", "smoke-test"] as const;

test("crash at any moment and go on: the same end as without", async () => {
  const straight = new Map<string | null, Awaited<ReturnType<typeof upgradeUnderClients>>>();
  for (const failAt of stories) straight.set(failAt, await upgradeUnderClients({ failAt }));
  const deaths = fc.record({
    failAt: fc.constantFrom(...stories),
    first: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    second: fc.option(fc.nat(60), { nil: null }),
  });
  await fc.assert(
    fc.asyncProperty(deaths, async ({ failAt, first, second }) => {
      const wanted = straight.get(failAt);
      const at = Math.floor(first * (wanted?.moments[0]?.length ?? 0));
      const told = await upgradeUnderClients({ failAt, deaths: second === null ? [at] : [at, second] });
      expect(told.moments.length).toBeGreaterThan(1);
      expect(told.end.state).toBe(wanted?.end.state);
      expectWhole(told);
      expect(told.after).toEqual(wanted?.after);
    }),
    { numRuns: 100, seed: 20260 },
  );
});
