/** The story of a moved name as people read it: the list, the plan, what happened, and the list while caches remember. */
import { expect, test } from "vitest";
import { ownNames } from "../../src/model/names.ts";
import { planHash } from "../../src/model/plan.ts";
import type { Evidence } from "../../src/model/step.ts";
import { readNames } from "../../src/observe/names.ts";
import { drawPlan } from "../../src/view/plan-text.ts";
import { drawNames, isGood, type NamesFacts, viewNames } from "../../src/view/names.ts";
import { named, namedSite, planMoveOf, TTL, WWW } from "../laws/named.ts";
import { run, type ShopSite } from "../laws/run.ts";

const servers = [
  { name: "lb-1", address: "10.0.0.1" },
  { name: "lb-3", address: "10.0.0.3" },
];

async function seenIn({ site, world }: ShopSite, more: Partial<NamesFacts> = {}) {
  return viewNames({
    environment: "shop",
    place: "zone shop.test on 192.0.2.53:53",
    limitSeconds: TTL,
    readAt: site.clock.now(),
    seen: await readNames(world, ownNames(named)),
    servers,
    remembered: [],
    proof: null,
    ...more,
  });
}

test("a name is moved from one load balancer to another", async () => {
  const shop = namedSite();
  shop.site.names.put(WWW, ["10.0.0.1"], TTL);
  const before = await seenIn(shop);
  const plan = await planMoveOf(shop, WWW, { to: ["10.0.0.3"] });
  const { entries } = await run(shop, plan);
  const moved: Evidence = entries[0]?.evidence ?? {};
  const until = Date.parse(String(moved.cachesUntil));
  const remembered = [{ name: WWW, from: String(moved.from), until, upgrade: "u-1" }];
  const story = [
    ...drawNames(before),
    "",
    ...drawPlan(plan, planHash(plan)).map((line) => line.replace(planHash(plan), "(its hash)")),
    "",
    "── what happened ──",
    "",
    ...entries.map(({ result, says, evidence }) => `${result} ${says}\n     ${JSON.stringify(evidence)}`),
    "",
    "── while caches remember ──",
    "",
    ...drawNames(await seenIn(shop, { remembered, proof: { good: true, why: null, next: null } })),
    "",
  ];
  await expect(story.join("\n")).toMatchFileSnapshot("move-name.story.txt");
});

test("a check finds a long TTL, a public name that leads nowhere, and a key that is not taken", async () => {
  const shop = namedSite();
  shop.site.names.put(WWW, ["10.0.0.1"], TTL);
  expect(isGood(await seenIn(shop, { proof: { good: true, why: null, next: null } }))).toBe(true);
  expect(isGood(await seenIn(shop, { proof: { good: false, why: "BADKEY", next: "…" } }))).toBe(false);
  shop.site.names.put(WWW, ["10.0.0.1"], 3600);
  const long = await seenIn(shop);
  expect(isGood(long)).toBe(false);
  expect(drawNames(long)[1]).toMatch(/NOT to be moved: caches remember it for 3600 s/);
  shop.site.names.put(WWW, ["10.9.9.9"], TTL);
  expect(drawNames(await seenIn(shop))[1]).toContain("10.9.9.9 (no server of shop)");
  shop.site.names.put(WWW, [], TTL);
  const nowhere = await seenIn(shop);
  expect(isGood(nowhere)).toBe(false);
  expect(drawNames(nowhere)[1]).toContain("LEADS NOWHERE");
});
