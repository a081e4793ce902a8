/** Start a new load balancer and bring it to the state of one that serves: it leads wherever that one leads. */
import { z } from "zod";
import type { LoadBalancer, Member, Slot } from "../model/load-balancer.ts";
import { Problem } from "../model/problem.ts";
import { defineStep, type StepContext } from "../model/step.ts";
import { loadBalancerSettings } from "./parts/shapes.ts";
import { one } from "./parts/words.ts";

const input = z.strictObject({
  /** Launched, and nobody is led to it yet. */
  server: z.string(),
  /** One that serves. */
  like: z.string(),
  settings: loadBalancerSettings,
  healthyMs: z.number(),
});
type Input = z.infer<typeof input>;

const SLOTS = ["a", "b"] as const;
const ROUTES = ["test", "public"] as const;

export const copyLoadBalancer = defineStep({
  name: "copy-load-balancer",
  input,
  undoable: "always",
  says: ({ server, like }) => `Start load balancer "${server}" and let it lead wherever "${like}" leads`,
  byHand: ({ server, like, settings }) => ({
    act: `On ${one(server)} start a load balancer on port ${settings.port} with the database endpoints, pools and routes of ${one(like)}, without page and hold.`,
    see: `It finds every server healthy that ${one(like)} finds healthy, and leads the public where that one does.`,
    back: "Stop it; nobody was led to it.",
  }),
  limitMs: ({ healthyMs }) => healthyMs + 60_000,
  check: async ({ world }, { like }) => mustServe(await world.loadBalancer(like)),
  async apply(context, { server, like, settings, healthyMs }) {
    const { world } = context;
    const [target, source] = [await world.loadBalancer(server), await world.loadBalancer(like)];
    await target.start(settings);
    for (const slot of SLOTS) {
      await target.setEndpoint(slot, await source.readEndpoint(slot));
      await copyMembers(target, source, slot);
    }
    if ((await source.countTesters()) > 0) await target.allowTester(world.secret("tester"));
    else await target.forgetTesters();
    await target.release();
    await target.setMaintenance(false);
    await context.until(healthyMs, async () => (await missedBy(target, source)).length === 0);
    for (const route of ROUTES) await target.setRoute(route, await source.readRoute(route));
  },
  async verify({ world, until }, { server, like, healthyMs }) {
    const [target, source] = [await world.loadBalancer(server), await world.loadBalancer(like)];
    let other: string[] = ["it does not run"];
    const alike = await until(healthyMs, async () => {
      other = (await target.running()) ? await differences(target, source) : ["it does not run"];
      return other.length === 0;
    });
    if (alike) return factsOf(target, like);
    throw new Problem("step-failed", {
      what: `load balancer "${server}" is not as "${like}" is`,
      why: other.join("; "),
      next: "changeover status",
    });
  },
  undo: stop,
});

async function mustServe(source: LoadBalancer): Promise<void> {
  const { name } = source;
  const why = !(await source.running())
    ? "it does not run"
    : (await source.readRoute("public")) === null
      ? "it leads the public nowhere"
      : (await source.readMaintenance())
        ? "it shows the page"
        : (await source.readHold()).held
          ? "it holds requests"
          : (await source.readShare()) > 0
            ? "it gives a share of the public to the other pool"
            : null;
  if (why === null) return;
  throw new Problem("refused", {
    what: `no load balancer can be made like "${name}"`,
    why,
    next: "changeover status",
  });
}

/** Those that get new sessions there; one that is being drained is about to go. */
const readyOf = async (source: LoadBalancer, slot: Slot): Promise<Member[]> =>
  (await source.members(slot)).filter(({ state }) => state === "ready");

async function copyMembers(target: LoadBalancer, source: LoadBalancer, slot: Slot): Promise<void> {
  const wanted = await readyOf(source, slot);
  for (const there of await target.members(slot)) {
    if (!wanted.some((member) => placeOf(member) === placeOf(there))) await target.removeMember(slot, there.server, 0);
  }
  // Side by side: each waits for its first check.
  await Promise.all(wanted.map(({ server, address, port }) => target.addMember(slot, { server, address, port })));
}

/** Servers that `source` finds healthy and `target` does not. */
async function missedBy(target: LoadBalancer, source: LoadBalancer): Promise<string[]> {
  const missed: string[] = [];
  for (const slot of SLOTS) {
    const seen = await target.members(slot);
    const isGood = (server: string) =>
      seen.some((member) => member.server === server && member.healthy && member.state === "ready");
    const wanted = (await readyOf(source, slot)).filter(({ healthy }) => healthy);
    missed.push(...wanted.filter(({ server }) => !isGood(server)).map(({ server }) => server));
  }
  return missed;
}

/** In words; empty when both lead alike. */
async function differences(target: LoadBalancer, source: LoadBalancer): Promise<string[]> {
  const found: string[] = [];
  const compare = (what: string, seen: string, wanted: string) => {
    if (seen !== wanted) found.push(`${what} is ${seen}, there it is ${wanted}`);
  };
  for (const route of ROUTES) {
    const [seen, wanted] = [await target.readRoute(route), await source.readRoute(route)];
    compare(`the ${route} route`, seen ?? "nowhere", wanted ?? "nowhere");
  }
  for (const slot of SLOTS) {
    const [seen, wanted] = [await target.readEndpoint(slot), await source.readEndpoint(slot)];
    const told = (to: typeof seen) => (to ? `${to.address}:${to.port}` : "nowhere");
    compare(`database endpoint ${slot}`, told(seen), told(wanted));
    compare(`pool ${slot}`, await poolOf(target, slot), await poolOf(source, slot));
  }
  const letsIn = async (balancer: LoadBalancer) => ((await balancer.countTesters()) > 0 ? "let in" : "kept out");
  compare("what becomes of testers", await letsIn(target), await letsIn(source));
  if (await target.readMaintenance()) found.push("it shows the page");
  if ((await target.readHold()).held) found.push("it holds requests");
  const missed = await missedBy(target, source);
  return missed.length === 0 ? found : [...found, `it does not find ${missed.join(", ")} healthy`];
}

const placeOf = ({ server, address, port }: Member): string => `${server} (${address}:${port})`;

const poolOf = async (balancer: LoadBalancer, slot: Slot): Promise<string> =>
  (await readyOf(balancer, slot)).map(placeOf).sort().join(", ") || "empty";

async function factsOf(target: LoadBalancer, like: string) {
  const slot = await target.readRoute("public");
  const members = slot ? await readyOf(target, slot) : [];
  return { like, public: slot ?? "nowhere", members: members.length };
}

async function stop({ world }: StepContext, { server }: Input): Promise<void> {
  if ((await world.provider.find(world.environment, server)) === null) return;
  const target = await world.loadBalancer(server);
  await target.stop();
  if (!(await target.running())) return;
  throw new Problem("step-failed", {
    what: `load balancer "${server}" does not stop`,
    why: "its process still answers",
    next: "changeover status",
  });
}
