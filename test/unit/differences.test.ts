/** What a plan says an upgrade changes of a release: from what serves, not from what the folder holds by now. */
import { expect, test } from "vitest";
import { environmentSchema } from "../../src/model/environment.ts";
import { readInventory } from "../../src/observe/inventory.ts";
import { readBlue } from "../../src/plan/blue.ts";
import { differencesOf } from "../../src/plan/differences.ts";
import { drawDifferences } from "../../src/view/differences-text.ts";
import { bringUp } from "../laws/run.ts";
import { artefacts, shop } from "../laws/shop.ts";

const TEMPLATED = { slot: "a", state: "operational", template: "app@1" };
const web = (line: string) => ({ web: line });
const definition = environmentSchema.parse({
  ...shop,
  releases: {
    "1": {
      artefact: "one",
      start: { web: "./serve", worker: "./work" },
      migrate: "./migrate",
      inputs: { MODE: "slow", SAME: "same", TOKEN: { credential: "old-token" } },
    },
    "2": {
      artefact: "two",
      start: web("./serve\n  --fast"),
      migrate: "./migrate",
      runtime: { check: "node --version" },
      inputs: { MODE: "fast", SAME: "same", TOKEN: { credential: "new-token" } },
    },
  },
});

test("a template that new servers get instead of what the old ones have is a difference, too", async () => {
  const { world } = await bringUp();
  const { application } = definition;
  const blue = readBlue(await readInventory(world));
  const [first] = blue.applications;
  const had = { ...blue, applications: first ? [{ ...first, record: { ...first.record, labels: TEMPLATED } }] : [] };
  const differences = (from: typeof blue, template?: string) =>
    differencesOf(
      { definition: { ...definition, application: { ...application, template } }, blue: from, to: "1" },
      "a".repeat(64),
    ).filter(({ key }) => key === "template");
  expect(differences(blue, "app@2")).toEqual([{ key: "template", from: null, to: "app@2" }]);
  expect(differences(had, "app@2")).toEqual([{ key: "template", from: "app@1", to: "app@2" }]);
  expect(differences(had, "app@1")).toEqual([]);
  expect(differences(had)).toEqual([{ key: "template", from: "app@1", to: null }]);
});

test("content, commands, runtime and inputs that differ are named with both values, and nothing else", async () => {
  const { world } = await bringUp();
  const blue = readBlue(await readInventory(world));
  const differences = differencesOf({ definition, blue, to: "2" }, artefacts["2"]);
  expect(differences).toEqual([
    { key: "artefact", from: "one", to: "two" },
    { key: "content", from: "a".repeat(16), to: "b".repeat(16) },
    { key: "inputs.MODE", from: "slow", to: "fast" },
    { key: "inputs.TOKEN", from: "credential old-token", to: "credential new-token" },
    { key: "runtime.check", from: null, to: "node --version" },
    { key: "start.web", from: "./serve", to: "./serve\n  --fast" },
    { key: "start.worker", from: "./work", to: null },
  ]);
  expect(drawDifferences(differences)).toEqual([
    "  ~ artefact       one → two",
    "  ~ content        aaaaaaaaaaaaaaaa → bbbbbbbbbbbbbbbb",
    "  ~ inputs.MODE    slow → fast",
    "  ~ inputs.TOKEN   credential old-token → credential new-token",
    "  + runtime.check  node --version",
    "  ~ start.web      ./serve → ./serve --fast",
    "  - start.worker   ./work",
  ]);
});

test("a release beside itself differs in nothing; servers with different content are both told", async () => {
  const { world } = await bringUp();
  const inventory = await readInventory(world);
  const blue = readBlue(inventory);
  const beside = { definition: shop, blue, to: "1" };
  expect(drawDifferences(differencesOf(beside, artefacts["1"]))).toEqual([
    "  none: the same content and the same keys",
  ]);
  const [first] = inventory.applications;
  if (first?.installed) first.installed.artefact = "d".repeat(64);
  expect(differencesOf({ ...beside, blue: readBlue(inventory) }, artefacts["1"])).toEqual([
    { key: "content", from: `${"a".repeat(16)}, ${"d".repeat(16)}`, to: "a".repeat(16) },
  ]);
});

test("what the file says of the release that serves is compared with what its servers were given", async () => {
  const { world } = await bringUp();
  const blue = readBlue(await readInventory(world));
  const releases = { ...shop.releases, "1": { ...shop.releases["1"], inputs: { MODE: "fast" } } };
  const wish = { definition: environmentSchema.parse({ ...shop, releases }), blue, to: "1" };
  expect(differencesOf(wish, artefacts["1"])).toEqual([{ key: "inputs.MODE", from: null, to: "fast" }]);
});
