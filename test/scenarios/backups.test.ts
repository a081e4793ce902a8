/** The stories of a backup, and of a restore and its way back, as people read them: plan, what happened, the list. */
import { expect, test } from "vitest";
import { planHash } from "../../src/model/plan.ts";
import { heldBackups } from "../../src/steps/parts/held-backups.ts";
import { drawBackups, viewBackups } from "../../src/view/backups.ts";
import { drawPlan } from "../../src/view/plan-text.ts";
import { backUpUnderClients, restoreUnderClients, type Told } from "../laws/backed-up.ts";

async function storyOf({ plan, entries, shop: { world } }: Told): Promise<string> {
  const happened = entries.map(({ direction, result, says }) => {
    return `${direction.padEnd(5)} ${result === "done" ? "✓" : "✗"} ${says}`;
  });
  const view = viewBackups({
    environment: plan.environment,
    schedule: { everyHours: 24, on: ["db-1", "db-2"], suspended: false, nextAt: Date.UTC(2030, 0, 2) },
    held: await heldBackups(world),
    askers: new Map([["u-1", "someone"]]),
    requests: [],
  });
  return [
    ...drawPlan(plan, planHash(plan)).map((line) => line.replace(planHash(plan), "(its hash)")),
    "",
    "── what happened ──",
    "",
    ...happened,
    "",
    "── the backups ──",
    "",
    ...drawBackups(view),
    "",
  ].join("\n");
}

test("a backup that somebody asked for", async () => {
  await expect(await storyOf(await backUpUnderClients())).toMatchFileSnapshot("backup.story.txt");
});

test("a restore", async () => {
  await expect(await storyOf(await restoreUnderClients())).toMatchFileSnapshot("restore.story.txt");
});

test("a restore whose smoke test fails, and its way back", async () => {
  const told = await restoreUnderClients({ failAt: "smoke-test" });
  await expect(await storyOf(told)).toMatchFileSnapshot("restore-way-back.story.txt");
});
