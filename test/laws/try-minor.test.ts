/** Laws of the proof that an upgrade is minor: what breaks the old release is refused with its evidence, what nobody saw is said. */
import { expect, test } from "vitest";
import { tellingMoments } from "./moments.ts";
import type { ShopSite } from "./run.ts";
import { tryIt } from "./tried.ts";

const MAJOR = "changeover upgrade shop --to 2 --strategy major";
const ON_SCHEMA = "this is a major upgrade: release 1 does not work on the schema of 2";
const TAKEN_AWAY = "this is a major upgrade: 2 takes away what 1 may use";

type Told = Awaited<ReturnType<typeof tryIt>>;

const triedOn = ({ after }: Told) => after.applications.find(({ name }) => name === "app-2");

/** The copy is gone, nobody else saw the new schema, and the server of the trial is kept as any that failed. */
function expectTakenBack(told: Told): void {
  expect(told.after.databases.map(({ name, schema }) => [name, schema])).toEqual(
    told.before.databases.map(({ name, schema }) => [name, schema]),
  );
  expect(triedOn(told)).toMatchObject({ web: "stopped", release: "1" });
  expect(triedOn(told)?.labels).toEqual({ clonedFrom: "app-1", kept: "diagnosis of u-1", slot: "b" });
}

test("what adds is minor: the old release holds on the copy, and what was added is told", async () => {
  const told = await tryIt({ reads: ["/comments"] });
  expect(told.end).toEqual({ state: "upgraded" });
  expect(told.evidence).toEqual({
    checks: "health, 2 reads, a write",
    added: "notices, rows.note",
    changed: "none",
    notCovered: "there is no check of your own",
  });
  expect(triedOn(told)?.labels.minorTrial).toBe("holds: there is no check of your own");
  expect(triedOn(told)?.web).toBe("stopped");
  const schemas = told.after.databases.map(({ name, schema }) => `${name}: ${schema.join()}`);
  expect(schemas).toEqual(["db-1", "db-2", "db-3"].map((name) => `${name}: rows,add comments`));
});

test("what no check looks at is said, first what the migration changed, and a missing write probe", async () => {
  const partly = await tryIt({ does: ["add comments.author"], breaksOn: ["add comments.author"], writes: false });
  // Two rarer calls of the old release are broken, and no check asks them.
  expect(partly.end).toEqual({ state: "upgraded" });
  expect(partly.evidence?.notCovered).toBe(
    "no row was touched of comments; of these the migration changed comments; there is no write probe; there is no check of your own",
  );
});

test("a check that the old release misses makes it a major upgrade, with what it answered", async () => {
  const told = await tryIt({
    does: ["add comments.author"],
    breaksOn: ["add comments.author"],
    reads: ["/comments"],
  });
  expect(told.end).toMatchObject({
    state: "rolled-back",
    reason: {
      kind: "refused",
      what: ON_SCHEMA,
      why: 'GET /comments answered 500, expected 200: "can\'t make sense of add comments.author"',
      next: MAJOR,
    },
  });
  expectTakenBack(told);
});

test("what takes away is a major upgrade: the columns are told beside the check that failed", async () => {
  const told = await tryIt({ does: ["split"] });
  expect(told.end).toMatchObject({
    state: "rolled-back",
    reason: {
      kind: "refused",
      what: ON_SCHEMA,
      why: 'GET /healthz answered 503, expected 200: "the schema is another one"; column rows.rows is gone',
      next: MAJOR,
    },
  });
  expectTakenBack(told);
});

test("what no check asks for may be gone all the same: every check holds, and it is a major upgrade", async () => {
  const told = await tryIt({ does: ["drop comments"] });
  expect(told.end).toMatchObject({
    state: "rolled-back",
    reason: { kind: "refused", what: TAKEN_AWAY, why: "every check holds, but table comments is gone", next: MAJOR },
  });
  expectTakenBack(told);
  const asked = await tryIt({ does: ["drop comments"], reads: ["/comments"] });
  const why = 'GET /comments answered 500, expected 200: "there is no table comments"; table comments is gone';
  expect(asked.end).toMatchObject({ state: "rolled-back", reason: { kind: "refused", what: ON_SCHEMA, why } });
});

test("a release that dies is told with the end of its log; a copy that restarted is no verdict", async () => {
  const toDie = async (shop: ShopSite) => {
    const old = shop.site.releases["1"];
    if (old) old.web = "dies";
  };
  const dies = await tryIt({ watched: toDie });
  const why = expect.stringMatching(/nobody listens.* · its log ends: can't read its inputs/);
  expect(dies.end).toMatchObject({ state: "rolled-back", reason: { kind: "refused", what: ON_SCHEMA, why } });
  const restarted = await tryIt({ watched: async ({ site }) => site.kill("spare-1", "database") });
  expect(restarted.end).toMatchObject({
    state: "rolled-back",
    reason: { what: 'nobody knows which tables of "spare-1" were used' },
  });
});

test("killed at any moment of the trial, the verdict is the same, and so is all that is left", async () => {
  for (const story of [
    { reads: ["/comments"] },
    { does: ["add comments.author"], breaksOn: ["add comments.author"], reads: ["/comments"] },
    { failAt: "try-minor" },
  ]) {
    const wanted = await tryIt(story);
    const [moments = []] = wanted.moments;
    const begins = moments.findIndex((moment) => moment.startsWith("intent apply Prove that"));
    // The step, and taking it back; what comes then are other laws.
    const ends = moments.findIndex((moment) => moment.startsWith("intent undo ") && !moment.includes("Prove that"));
    const within = (at: number) => at >= begins && (ends < 0 || at < ends);
    const telling = tellingMoments(wanted.moments).filter(within);
    expect(telling.length).toBeGreaterThan(8);
    for (const at of telling) {
      const before: string[] = [];
      // What a release does while it starts is watched, too, whatever an earlier try had started.
      const watched = async ({ world }: ShopSite) =>
        void before.push((await (await world.application("app-2")).state("web")).state);
      const told = await tryIt({ ...story, deaths: [at], watched });
      const what = `died at ${moments[at]}`;
      expect(told.moments, what).toHaveLength(2);
      expect(new Set(before), what).toEqual(new Set(["stopped"]));
      expect(told.end, what).toEqual(wanted.end);
      expect(told.evidence, what).toEqual(wanted.evidence);
      expect(told.after, what).toEqual(wanted.after);
    }
  }
}, 120_000);
