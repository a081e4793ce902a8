/** Two real load balancers on hosts of their own with a floating address before them, a third host that looks, and clients. */
import { once } from "node:events";
import http from "node:http";
import { type EnvironmentDefinition, environmentSchema } from "../../src/model/environment.ts";
import type { Plan } from "../../src/model/plan.ts";
import type { ServerKind, ServerRecord } from "../../src/model/provider.ts";
import type { World } from "../../src/model/world.ts";
import { loadBalancerSettings } from "../../src/plan/layout.ts";
import { inOrder } from "../../src/plan/stage.ts";
import { moveStep } from "../../src/plan/strategies/move-address.ts";
import { createSshPool } from "../../src/providers/ssh/pool.ts";
import { createSshHostsProvider } from "../../src/providers/ssh/provider.ts";
import { systemClock } from "../../src/run/clock.ts";
import type { End } from "../../src/run/interpret.ts";
import { runInMemory } from "../../src/run/run-in-memory.ts";
import { steps } from "../../src/steps/registry.ts";
import { openLab } from "../../src/providers/lab/lab.ts";
import { bareWorld } from "./bare-world.ts";

const PORT = 8080;
const APPLICATION = 8000;
const HOST = "shop.test";

export type AddressWorld = Awaited<ReturnType<typeof openAddressWorld>>;

export async function openAddressWorld() {
  const lab = await openLab(4);
  const address = `${lab.network}.0.100`;
  const definition = environmentSchema.parse({
    environment: "live",
    provider: lab.provider,
    addresses: { www: { address } },
    hosts: { public: HOST, test: "green.shop.test" },
    port: PORT,
    application: { name: "shop", servers: 1, port: APPLICATION },
    database: { engine: "mariadb", name: "shop", user: "shop" },
    release: "1",
    releases: { "1": { artefact: ".", start: { web: "true" } } },
    checks: { health: { path: "/healthz" } },
    limits: { drainSeconds: 5 },
  });
  const pool = createSshPool();
  const worlds: World[] = [];
  const worldOf = (token: number): World => {
    const made = bareWorld(definition, providerOf(definition, token, pool));
    worlds.push(made);
    return made;
  };
  const servers = ["lb-1", "lb-2", "app-1"].map((name, at): ServerRecord => {
    const kind: ServerKind = name.startsWith("lb") ? "load-balancer" : "application";
    return { environment: "live", name, kind, address: lab.address(at + 1), labels: {} };
  });
  const application = await startApplication(lab.gateway);
  const world = worldOf(1);
  await Promise.all(servers.map((record) => world.provider.launch(record)));
  await Promise.all(["lb-1", "lb-2"].map((name) => startBalancer(world, name, definition, lab.gateway)));
  const planMove = (from: string | null, to: string, failAt: string | null = null): Plan => ({
    format: 1,
    environment: "live",
    strategy: "move-address",
    from: "1",
    to: "1",
    stages: [inOrder("Move the address", "move it back", [moveStep(definition, servers, { name: "www", from, to })])],
    afterWayBack: [],
    failAt,
  });
  // Newer than those of the contract, which runs first.
  let token = 1_000;
  return {
    lab,
    address,
    /** Another one, which no environment knows. */
    spare: `${lab.network}.0.101`,
    worldOf,
    planMove,
    /** As a control plane that is newer than all before it: every server hears of it before anything is done. */
    async run(plan: Plan): Promise<{ end: End; evidence: Record<string, unknown> | null }> {
      const newer = worldOf(++token);
      for (const { name } of servers) await (await newer.provider.open("live", name)).claim();
      const upgrade = `u-${token}`;
      const ran = await runInMemory({
        plan,
        definitions: steps,
        world: newer,
        clock: systemClock,
        upgrade,
        pausesMs: [],
      });
      const told = ran.entries.findLast(({ step, evidence }) => step === "move-address" && evidence);
      return { end: ran.end, evidence: told?.evidence ?? null };
    },
    async holders(): Promise<string[]> {
      const held = await Promise.all(
        ["lb-1", "lb-2"].map(async (name) => ((await (await world.addressHolder(name)).holds(address)) ? name : null)),
      );
      return held.filter((name) => name !== null);
    },
    async close() {
      for (const each of worlds) await each.provider.close();
      await pool.close();
      application.close();
      await lab.close();
    },
  };
}

const providerOf = ({ provider }: EnvironmentDefinition, token: number, pool: ReturnType<typeof createSshPool>) => {
  if (provider.kind !== "ssh") throw new Error("no lab's provider");
  const { kind: _, host: _host, hosts = [], ...settings } = provider;
  return createSshHostsProvider({ ...settings, hosts, connect: pool.transport, token: () => token });
};

/** Answers at once, or after `?ms=`. */
async function startApplication(host: string) {
  const server = http.createServer((request, response) => {
    const ms = Number(new URL(request.url ?? "/", "http://application").searchParams.get("ms") ?? 0);
    const answer = () => response.writeHead(200).end("good");
    if (ms > 0) setTimeout(answer, ms);
    else answer();
  });
  server.listen(APPLICATION, host);
  await once(server, "listening");
  return {
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function startBalancer(world: World, name: string, definition: EnvironmentDefinition, application: string) {
  const balancer = await world.loadBalancer(name);
  await balancer.start(loadBalancerSettings(definition, "<h1>soon</h1>"));
  await balancer.addMember("a", { server: "shop-1", address: application, port: APPLICATION });
  await balancer.setRoute("public", "a");
}

export interface Kind {
  name: "kept" | "fresh" | "long";
  perSecond: number;
  path: string;
  agent: http.Agent | false;
}

/** 200 requests a second over kept connections, 190 each over a new one, 10 that take a second. */
const kinds = (): Kind[] => [
  { name: "kept", perSecond: 200, path: "/", agent: new http.Agent({ keepAlive: true, maxSockets: 25 }) },
  { name: "fresh", perSecond: 190, path: "/", agent: false },
  { name: "long", perSecond: 10, path: "/?ms=1000", agent: false },
];

/** Never more than so many. */
const MOST_SECONDS = 60;
const LIMIT_MS = 10_000;

/** Clients on this machine, which is another one than the hosts: it has its own picture of who has which address. */
export function startLoad(address: string) {
  const all = kinds();
  const asked: Record<Kind["name"], number> = { kept: 0, fresh: 0, long: 0 };
  const failed: { kind: Kind["name"]; why: string }[] = [];
  const open = new Set<Promise<void>>();
  let slowestMs = 0;
  const one = async ({ name, path, agent }: Kind): Promise<void> => {
    asked[name] += 1;
    const began = performance.now();
    const why = await request(address, path, agent);
    if (name !== "long") slowestMs = Math.max(slowestMs, performance.now() - began);
    if (why !== null) failed.push({ kind: name, why });
  };
  const timers = all.map((kind) =>
    setInterval(() => {
      if (asked[kind.name] >= kind.perSecond * MOST_SECONDS) return;
      const going = one(kind).finally(() => open.delete(going));
      open.add(going);
    }, 1000 / kind.perSecond),
  );
  return {
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await Promise.all(open);
      for (const { agent } of all) if (agent) agent.destroy();
      return { asked, failed, slowestMs: Math.round(slowestMs) };
    },
  };
}

/** Null when it was answered well. */
function request(host: string, path: string, agent: http.Agent | false): Promise<string | null> {
  return new Promise((resolve) => {
    const asked = http.get(
      { host, port: PORT, path, agent, headers: { host: HOST }, timeout: LIMIT_MS },
      (response) => {
        response.on("error", (error) => resolve(error.message)).resume();
        response.on("end", () => resolve(response.statusCode === 200 ? null : `status ${response.statusCode}`));
      },
    );
    asked.on("timeout", () => asked.destroy(new Error("no answer in time")));
    asked.on("error", (error) => resolve(error.message));
  });
}
