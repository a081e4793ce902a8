/** The law of undo: for each step, taking it back leaves what was there, whether it never ran, half ran or ran twice. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { createSimulatedWorld } from "../../src/providers/simulated/world.ts";
import { contextFor } from "../../src/run/step-context.ts";
import { layOut, type PlannedStep } from "../../src/run/layout.ts";
import { steps } from "../../src/steps/registry.ts";
import { mortal } from "./mortal.ts";
import { picture } from "./picture.ts";
import { bringUp, nextToken, planUpgrade, type ShopSite } from "./run.ts";

type Verb = "act" | "verify" | "undo";

/** Gives false when the control plane died before the verb was over. */
async function perform({ site }: ShopSite, step: PlannedStep, verb: Verb, diesAt: number | null = null) {
  const plane = mortal(site.clock, diesAt);
  const world = createSimulatedWorld({ site, clock: plane.clock, token: nextToken(), passing: plane.passing });
  const people = {
    ...{ evidenceOf: async () => null, tell: async () => {} },
    ...{ openOverrides: async () => [], sessionsCut: async () => null },
  };
  const context = contextFor(plane.clock, { upgrade: "u-1", round: 1 }, world, new AbortController().signal, people);
  const definition = steps.get(step.step);
  const act = async () => {
    await definition?.check?.(context, step.input);
    await definition?.apply(context, step.input);
  };
  const work = verb === "act" ? act() : definition?.[verb]?.(context, step.input);
  const over = await Promise.race([Promise.resolve(work).then(() => true), plane.died.then(() => false)]);
  return over;
}

/** A role that was stopped is as one that never ran; replication needs a moment. */
async function look({ site, world }: ShopSite) {
  await site.clock.sleep(2_000);
  const { applications, ...rest } = await picture(site, world);
  const stopped = (state: string) => (state === "absent" ? "stopped" : state);
  return {
    ...rest,
    applications: applications.map(({ web, worker, release: _release, through: _through, ...one }) => ({
      ...one,
      web: stopped(web),
      worker: stopped(worker),
    })),
  };
}

/** Its way back is the table's and ends at the standby: the laws of the way back walk it as a whole. */
const ONE_WAY = ["migrate", "gate"];

/** What a step's undo leaves on purpose. */
function withoutDeclared(step: PlannedStep, seen: Awaited<ReturnType<typeof look>>) {
  // Backups stay, and a spare holds nothing but a copy: each proof takes the place of the one before.
  const databases = seen.databases
    .filter(({ labels }) => labels.role !== "spare")
    .map(({ backups: _backups, ...one }) => one);
  if (step.step === "fence-database") return { ...seen, databases, loadBalancers: withoutEndpointOf(step, seen) };
  if (step.step !== "launch-server") return { ...seen, databases };
  const { record } = step.input as { record: { name: string } };
  return { ...seen, databases, applications: seen.applications.filter(({ name }) => name !== record.name) };
}

/** The table does not stop half-way: it also leads the closed endpoint of the step before to the primary again. */
function withoutEndpointOf(step: PlannedStep, { loadBalancers }: Awaited<ReturnType<typeof look>>) {
  const { slot } = step.input as { slot: "a" | "b" };
  return loadBalancers.map((one) => ({ ...one, endpoints: { ...one.endpoints, [slot]: null } }));
}

async function expectUndone(shop: ShopSite, step: PlannedStep, half: number): Promise<void> {
  const before = withoutDeclared(step, await look(shop));
  const holds = async (when: string) => {
    await perform(shop, step, "undo");
    expect(withoutDeclared(step, await look(shop)), `undo of ${step.step} when it ${when}`).toEqual(before);
  };
  await holds("never ran");
  await perform(shop, step, "act", half);
  await holds("half ran");
  await perform(shop, step, "act");
  await perform(shop, step, "act");
  await perform(shop, step, "verify");
  await holds("ran twice");
  await perform(shop, step, "undo");
  await holds("was undone twice");
}

test("undo after apply is nothing", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(12), async (half) => {
      const shop = await bringUp();
      const stages = layOut((await planUpgrade(shop)).stages);
      const all = stages.flatMap((stage) => stage.steps);
      let undone = 0;
      for (const step of all.slice(0, all.findIndex(({ step }) => step === "reopen") + 1)) {
        const definition = steps.get(step.step);
        if (definition?.undo && !ONE_WAY.includes(step.step)) {
          await expectUndone(shop, step, half);
          undone += 1;
        }
        await perform(shop, step, "act");
        await perform(shop, step, "verify");
      }
      expect(undone).toBeGreaterThan(15);
    }),
    { numRuns: 8, seed: 7, examples: [[0], [1], [2], [3], [4]] },
  );
});

test("a step without undo says so, or changes nothing that has to be taken back", () => {
  const none = [...steps.values()].filter(({ undo }) => !undo);
  const fine = none.filter(({ undoable }) => undoable === "always").map(({ name }) => name);
  expect(fine.sort()).toEqual([
    "assert-apart",
    "assert-backup",
    "assert-group",
    "assert-inputs",
    "assert-isolated",
    "assert-no-overrides",
    "assert-schema-kept",
    "await-caches",
    "await-no-sessions",
    "await-window",
    "close-test-route",
    "compare-generations",
    "compare-version",
    "create-database",
    "decommission-spare",
    "end-instance",
    "fill-from-backup",
    "gate",
    "install-release",
    "leave-pool",
    "mark-reopening",
    "mark-schema",
    "measure-restore",
    "note-errors",
    "note-schema",
    "prune-backups",
    "read-disk",
    "read-traffic",
    "renew-accounts",
    "resume-backups",
    "resume-group",
    "resume-replica",
    "retire-spare",
    "return-replica",
    "same-as-tried",
    "same-schema",
    "scan-errors",
    "start-load-balancer",
    "stop-role",
    "sync-standby",
    "test-isolated",
    "unlock-servers",
  ]);
});
