/** What is seen while a host is silent: the others, and that one of them is missing. */
import { expect, test } from "vitest";
import type { Silent, Survey } from "../../src/model/provider.ts";
import { Problem } from "../../src/model/problem.ts";
import type { World } from "../../src/model/world.ts";
import { driftOfWorld } from "../../src/observe/drift.ts";
import { readInventory } from "../../src/observe/inventory.ts";
import { drawStatus } from "../../src/view/status.ts";
import { bringUp } from "../laws/run.ts";
import { shop } from "../laws/shop.ts";

const away: Silent = { address: "127.1.1.80", why: "no answer within 4 s" };

/** The same world, whose survey is changed; `lose` is a server whose host does not answer any more. */
function seenAs(world: World, change: (survey: Survey, look: number) => Survey, lose = ""): World {
  let look = 0;
  const survey = async (environment: string) => change(await world.provider.survey(environment), ++look);
  const application = async (name: string) => {
    if (name !== lose) return world.application(name);
    throw new Problem("unreachable", { what: "no answer", why: "it is cut off", next: "changeover status" });
  };
  return { ...world, application, provider: { ...world.provider, survey } };
}

const without = ({ records, foreign }: Survey): Survey => ({
  records: records.filter(({ address }) => address !== away.address),
  silent: [away],
  foreign,
});

test("a host that was silent from the beginning is in the picture, in the status and in the drift", async () => {
  const { world } = await bringUp();
  const inventory = await readInventory(seenAs(world, without));
  expect(inventory.applications.map(({ record }) => record.name)).toEqual(["burst-1"]);
  expect(inventory.hosts).toEqual({ silent: [away], foreign: [] });
  const lines = drawStatus({ environment: "shop", inventory, upgrade: null });
  expect(lines.at(-1)).toBe(
    "  ?          127.1.1.80      SILENT: no answer within 4 s; whatever it holds is not shown here",
  );
  const drift = driftOfWorld({ definition: shop, release: "1", groupSize: 1 }, inventory);
  expect(drift[0]).toMatchObject({ where: "127.1.1.80", wanted: "a host that answers", seen: away.why });
});

test("one that falls silent while it is read is missed too, and one that only fails is no silent host", async () => {
  const { world } = await bringUp();
  const falls = seenAs(world, (survey, look) => (look === 1 ? survey : without(survey)), "app-1");
  const inventory = await readInventory(falls);
  expect(inventory.hosts?.silent).toEqual([away]);
  expect(inventory.applications.map(({ record }) => record.name)).toEqual(["burst-1"]);
  const fails = seenAs(world, (survey) => survey, "app-1");
  await expect(readInventory(fails)).rejects.toThrow("it is cut off");
  expect((await readInventory(world)).hosts).toBeUndefined();
});
