/** Laws of the way back: whichever step fails before reopening, blue serves as before and the next upgrade succeeds. */
import { expect, test } from "vitest";
import { Problem } from "../../src/model/problem.ts";
import { nothingWrong, wrongWrites } from "./picture.ts";
import { bringUp, planUpgrade } from "./run.ts";
import { expectAsBefore, expectNextUpgrade, expectWhole, upgradeUnderClients } from "./upgraded.ts";

const stepsBeforeReopening = async (): Promise<string[]> => {
  const names = (await planUpgrade(await bringUp())).stages.flatMap(({ steps }) => steps.map(({ step }) => step));
  return [...new Set(names.slice(0, names.indexOf("reopen")))].filter((name) => name !== "gate");
};

test("every step before reopening can fail, and nothing is lost", async () => {
  const names = await stepsBeforeReopening();
  expect(names.length).toBeGreaterThan(20);
  for (const failAt of names) {
    const told = await upgradeUnderClients({ failAt });
    expect(told.end, failAt).toMatchObject({ state: "rolled-back" });
    expectWhole(told);
    expectAsBefore(told);
    await expectNextUpgrade(told);
  }
});

const migrations = [
  ["stops half way", { migration: "half" }, "the migration failed"],
  ["hangs", { migration: "hangs" }, "the migration failed"],
  ["lies", { migration: "lies" }, "the migration said that it succeeded, but the schema is what it was"],
] as const;

test.each(migrations)("a migration that %s, only on the live database", async (_how, misbehaves, what) => {
  const told = await upgradeUnderClients({ misbehaves: { ...misbehaves, goodOnCopies: true } });
  expect(told.end).toMatchObject({ state: "rolled-back", reason: { what } });
  expect(told.clients.seen.page).toBeGreaterThan(0);
  expectWhole(told);
  expectAsBefore(told);
  await expectNextUpgrade(told);
});

test.each(["never-healthy", "dies"] as const)("a release whose web is %s, only on the live database", async (web) => {
  const told = await upgradeUnderClients({ misbehaves: { web, goodOnCopies: true } });
  expect(told.end).toMatchObject({ state: "rolled-back", reason: { kind: "unhealthy" } });
  expect(told.clients.seen.page).toBeGreaterThan(0);
  expectWhole(told);
  expectAsBefore(told);
  await expectNextUpgrade(told);
});

test.each([
  ...migrations,
  ["is good, but its web never gets healthy", { web: "never-healthy" }, 'web on "app-2" is not good'],
  ["is good, but its web dies", { web: "dies" }, 'web on "app-2" is not good'],
  ["is good, but its start migrates, too", { web: "migrates" }, "release 2 changes the schema when it starts"],
] as const)(
  "a migration that %s: found on the restored copy, before the public notices",
  async (_how, misbehaves, what) => {
    const told = await upgradeUnderClients({ misbehaves });
    expect(told.end).toMatchObject({ state: "rolled-back", reason: { what } });
    expect(told.clients.seen).toEqual({ page: 0, refused: 0, failed: 0 });
    expectWhole(told);
    expectAsBefore(told);
    await expectNextUpgrade(told);
  },
);

test("a gate that is denied takes the way back, with everything migrated", async () => {
  const told = await upgradeUnderClients({ ask: async () => ({ kind: "refused", what: "no", why: "-", next: "-" }) });
  expect(told.end).toMatchObject({ state: "rolled-back", reason: { what: "no" } });
  expectWhole(told);
  expectAsBefore(told);
  await expectNextUpgrade(told);
});

test("the way back can be asked for at any moment before reopening; after that it is never taken by itself", async () => {
  const { moments } = await upgradeUnderClients();
  const all = moments[0] ?? [];
  const reopening = all.findIndex((moment) => moment.startsWith("before page off"));
  expect(reopening).toBeGreaterThan(100);
  // Evenly over the whole, and each of the last: there the run asks once more whether somebody wants back.
  const asking = all.map((_, at) => at).filter((at) => at % 11 === 0 || at > all.length - 5);
  for (const at of asking) {
    const asked = new AbortController();
    let passed = 0;
    const watch = () => {
      if (passed++ !== at) return;
      asked.abort(new Problem("refused", { what: "the way back was asked for", why: "-", next: "-" }));
    };
    const told = await upgradeUnderClients({ wayBackAsked: asked.signal, watch });
    if (at < reopening) {
      expect(told.end, all[at]).toMatchObject({ state: "rolled-back" });
      expectWhole(told);
      expectAsBefore(told);
    } else {
      expect(told.end.state, all[at]).not.toBe("rolled-back");
      expect(wrongWrites(told.shop.site, told.clients)).toEqual(nothingWrong);
      expect(told.broken).toEqual([]);
    }
  }
});
