/** The story of a major upgrade and of a way back, as people read it: drawn from the simulated shop, compared as text. */
import { expect, test } from "vitest";
import { type PlanStep, planHash } from "../../src/model/plan.ts";
import type { ByHand } from "../../src/model/step.ts";
import type { UpgradeRecord } from "../../src/model/upgrade.ts";
import { drawLadder } from "../../src/view/ladder.ts";
import { drawPlan } from "../../src/view/plan-text.ts";
import { composeReport } from "../../src/view/report.ts";
import { drawReport } from "../../src/view/report-text.ts";
import { drawRunbook } from "../../src/view/runbook.ts";
import { drawStatus } from "../../src/view/status.ts";
import { viewUpgrade } from "../../src/view/upgrade-view.ts";
import { steps } from "../../src/steps/registry.ts";
import { readInventory } from "../../src/observe/inventory.ts";
import { takenBackAfterReopening } from "../laws/reopened.ts";
import { type Told, upgradeUnderClients } from "../laws/upgraded.ts";

/** What the control plane would keep of it. */
function recordOf({ plan, end, entries }: Told): UpgradeRecord {
  const reason = end.state === "rolled-back" ? end.reason : null;
  return {
    id: "u-1",
    environment: plan.environment,
    planHash: planHash(plan),
    state: end.state,
    options: { yes: true },
    askedBy: "a test",
    createdAt: entries[0]?.intentAt ?? 0,
    startedAt: entries[0]?.intentAt ?? null,
    endedAt: entries.at(-1)?.resultAt ?? null,
    reason: reason && `${reason.what}: ${reason.why}`,
    problem: end.state === "stuck" ? end.problem : null,
    wayBackAt: null,
    wayBackBy: null,
    pausedAt: null,
    pausedBy: null,
    abortedAt: null,
    abortedBy: null,
    token: 1,
  };
}

async function storyOf(told: Told): Promise<string> {
  const { plan, entries, shop } = told;
  const facts = { record: recordOf(told), plan, entries };
  const inventory = await readInventory(shop.world);
  const journal = entries.map(
    ({ direction, says, result, foundDone }) =>
      `${direction.padEnd(5)} ${result === "done" ? "✓" : "✗"}${foundDone ? " (found done)" : ""} ${says}`,
  );
  return [
    ...drawPlan(plan, "(its hash)"),
    "\n── what happened ──\n",
    ...journal,
    "\n── the ladder ──\n",
    ...drawLadder(viewUpgrade({ ...facts, gates: [] }), { open: true, columns: 160 }),
    "\n── the report ──\n",
    ...drawReport(composeReport({ ...facts, gates: [], requests: [], ledger: null })),
    "\n── the environment afterwards ──\n",
    ...drawStatus({ environment: plan.environment, inventory, upgrade: null }),
    "",
  ].join("\n");
}

test("an upgrade to release 2", async () => {
  const told = await upgradeUnderClients();
  expect(told.end.state).toBe("upgraded");
  await expect(await storyOf(told)).toMatchFileSnapshot("major-upgraded.story.txt");
});

test("the same upgrade as a runbook for a person", async () => {
  const { plan } = await upgradeUnderClients();
  const byHand = ({ step, input }: PlanStep) => steps.get(step)?.byHand(input) as ByHand;
  await expect(drawRunbook({ plan, hash: "(its hash)", byHand })).toMatchFileSnapshot("major-runbook.md");
});

test("a smoke test that fails, and the way back from a migrated schema", async () => {
  const told = await upgradeUnderClients({ failAt: "smoke-test" });
  expect(told.end.state).toBe("rolled-back");
  await expect(await storyOf(told)).toMatchFileSnapshot("major-way-back.story.txt");
});

test("a way back after reopening, asked for with its price accepted", async () => {
  const told = await takenBackAfterReopening();
  expect(told.end.state).toBe("rolled-back");
  await expect(await storyOf(told)).toMatchFileSnapshot("major-after-reopening.story.txt");
});

test("a control plane that dies in the middle of the migration, and the next one that goes on", async () => {
  const { moments } = await upgradeUnderClients();
  const migrating = (moments[0] ?? []).findLastIndex((moment) => moment.startsWith("after start the task"));
  const told = await upgradeUnderClients({ deaths: [migrating] });
  expect(told.end.state).toBe("upgraded");
  const tries = told.entries.filter(({ step, says }) => step === "migrate" && !says.includes("the copy"));
  expect(tries.map((one) => [one.try, one.result])).toEqual([
    [1, null],
    [2, "done"],
  ]);
  const changes = told.shop.site.database("db-1").history.schema;
  expect(changes, "each change of the schema was made once").toEqual([...new Set(changes)]);
});
