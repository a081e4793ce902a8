/** The story of a window that was named for later: everything is prepared at once, the page waits for its hour. */
import { expect, test } from "vitest";
import { environmentSchema } from "../../src/model/environment.ts";
import { Problem } from "../../src/model/problem.ts";
import { readInventory } from "../../src/observe/inventory.ts";
import { planMajor } from "../../src/plan/strategies/major/major.ts";
import { plannedStart } from "../../src/steps/await-window.ts";
import { startClients } from "../laws/clients.ts";
import { leftOnLoadBalancers, nothingWrong, picture, wrongWrites } from "../laws/picture.ts";
import { bringUp, run, type RunOptions, type ShopSite } from "../laws/run.ts";
import { artefacts, network, shop } from "../laws/shop.ts";

const HOUR = 3_600_000;
const text = (at: number) => new Date(at).toISOString();

interface Waiting {
  /** Of the calendar, from the hour on that was named. */
  frozen?: boolean;
  options?: (shop: ShopSite, at: number) => RunOptions;
}

/** An upgrade whose window is to begin in half an hour, under clients from a little before it. */
async function waitingUpgrade({ frozen = false, options }: Waiting = {}) {
  const up = await bringUp();
  const { site, world } = up;
  const at = site.clock.now() + HOUR / 2;
  const freezes = frozen ? [{ from: text(at - 1), to: text(at + HOUR), why: "a sale" }] : [];
  const definition = environmentSchema.parse({ ...shop, freezes });
  const inventory = await readInventory(world);
  const plan = planMajor({ definition, network, inventory, to: "2", artefacts, failAt: null, at: text(at) });
  const before = await picture(site, world);
  let clients: ReturnType<typeof startClients> | null = null;
  site.clock.after(HOUR / 2 - 5_000, () => {
    clients = startClients(site);
  });
  const pages: number[] = [];
  site.watchers.add(() => {
    if (site.loadBalancers().some((one) => one.showsPage())) pages.push(site.clock.now());
  });
  const ran = await run(up, plan, options?.(up, at));
  const told = clients as ReturnType<typeof startClients> | null;
  told?.stop();
  await site.clock.sleep(1_000);
  return { ...ran, up, plan, at, before, pages, clients: told };
}

test("all is prepared at once, the page comes at the hour and not before", async () => {
  const { end, entries, plan, at, pages, clients, up } = await waitingUpgrade();
  expect(end).toEqual({ state: "upgraded" });
  expect(plannedStart(plan)).toBe(text(at));
  const prepared = entries.slice(
    0,
    entries.findIndex(({ step }) => step === "await-window"),
  );
  expect(prepared.map(({ step }) => step)).toContain("install-release");
  expect(prepared.at(-1)?.resultAt).toBeLessThan(at - HOUR / 3);
  const waited = entries.filter(({ step }) => step === "await-window");
  expect(waited.map(({ says, result }) => [says, result])).toEqual([
    [`Wait until ${text(at)}, then look whether the window is open`, "done"],
  ]);
  expect(pages.length).toBeGreaterThan(0);
  expect(Math.min(...pages)).toBeGreaterThanOrEqual(at);
  expect(clients && wrongWrites(up.site, clients)).toEqual(nothingWrong);
  expect(clients?.acknowledged.length).toBeGreaterThan(50);
});

test("a control plane that is killed while it waits: the next one waits on, for the same hour", async () => {
  const straight = await waitingUpgrade();
  const [moments = []] = straight.moments;
  const begins = moments.findIndex((moment) => moment.startsWith("intent apply Wait until"));
  const died: number[] = [];
  const dies = ({ site }: ShopSite): RunOptions => ({
    deaths: [begins + 1],
    // In its sleep: nothing of it is seen for a quarter of an hour before and after.
    born: (plane) =>
      void site.clock.after(HOUR / 4, () => {
        if (plane.moments.length === begins + 1) died.push(site.clock.now());
        void plane.passing("asleep");
      }),
  });
  const told = await waitingUpgrade({ options: dies });
  expect(told.end).toEqual({ state: "upgraded" });
  expect(died).toHaveLength(1);
  expect(died[0]).toBeLessThan(told.at - HOUR / 5);
  expect(told.entries.filter(({ step }) => step === "await-window").map((one) => [one.try, one.result])).toEqual([
    [1, null],
    [2, "done"],
  ]);
  expect(Math.min(...told.pages)).toBeGreaterThanOrEqual(told.at);
});

test("whoever asks for the way back while it waits gets it at once, and nobody saw the page", async () => {
  const asked = new AbortController();
  const reason = new Problem("refused", { what: "the way back was asked for", why: "rained out", next: "-" });
  const { end, at, before, pages, up } = await waitingUpgrade({
    options: ({ site }) => {
      site.clock.after(HOUR / 4, () => asked.abort(reason));
      return { wayBackAsked: asked.signal };
    },
  });
  expect(end).toMatchObject({ state: "rolled-back", reason: { why: "rained out" } });
  expect(up.site.clock.now()).toBeLessThan(at);
  expect(pages).toEqual([]);
  expect(leftOnLoadBalancers(up.site)).toEqual([]);
  const serving = ({ applications }: typeof before) => applications.filter(({ labels }) => labels.kept === undefined);
  expect(serving(await picture(up.site, up.world))).toEqual(serving(before));
});

test("a freeze at that hour takes it back with its reason, and the public saw nothing of it", async () => {
  const { end, pages, clients } = await waitingUpgrade({ frozen: true });
  expect(end).toMatchObject({ state: "rolled-back", reason: { what: "the window is not open" } });
  expect(end.state === "rolled-back" && end.reason.why).toMatch(/^frozen until .*: a sale$/);
  expect(pages).toEqual([]);
  expect(clients?.seen).toEqual({ page: 0, refused: 0, failed: 0 });
});
