/** The load balancer contract over the simulated site, where no time passes but the simulated one. */
import { waitFor } from "../../src/model/clock.ts";
import type { Answer } from "../../src/model/world.ts";
import { SimulatedClock } from "../../src/providers/simulated/clock.ts";
import { Site } from "../../src/providers/simulated/site.ts";
import { createSimulatedWorld } from "../../src/providers/simulated/world.ts";
import { describeLoadBalancerContract } from "./load-balancer.contract.ts";
import { type Ask, type LoadBalancerWorld, settings } from "./load-balancer/world.ts";
import { simulatedDefinition as definition } from "./simulated-definition.ts";

const port = 8000;

describeLoadBalancerContract("simulated", async (): Promise<LoadBalancerWorld> => {
  const clock = new SimulatedClock();
  const site = new Site({ definition, clock, releases: {} });
  const world = createSimulatedWorld({ site, clock, token: 1 });
  const { environment, database } = definition;
  let addresses = 0;
  const freshAddress = () => {
    addresses += 1;
    return `10.0.0.${addresses}`;
  };
  const launch = (name: string, kind: "load-balancer" | "database") =>
    world.provider.launch({ environment, name, kind, address: freshAddress(), labels: {} });
  const host = await launch("lb-1", "load-balancer");
  const machine = () => site.loadBalancer("lb-1");
  const ask = ({ host: name = settings.hosts.public, path = "/", body, tester }: Ask = {}) => {
    const check = { method: body === undefined ? "GET" : "POST", path, body, expect: { status: 200 } };
    return clock.waitingFor(machine().answer({ host: name, tester: tester ?? null, check }));
  };
  return {
    clock,
    balancer: await world.loadBalancer("lb-1"),
    nobody: { address: freshAddress(), port },
    async backend(server) {
      const seen = { requests: 0, healthy: true };
      const member = { server, address: freshAddress(), port };
      const answer = async (path: string): Promise<Answer> => {
        const url = new URL(path, "http://application");
        if (url.pathname === "/healthz") return { status: seen.healthy ? 200 : 500, headers: {}, body: "" };
        seen.requests += 1;
        await clock.wake(Number(url.searchParams.get("ms") ?? 1));
        return { status: Number(url.searchParams.get("code") ?? 200), headers: {}, body: server };
      };
      site.listening.set(`${member.address}:${port}`, { answer: ({ path }) => answer(path) });
      return { member, seen };
    },
    async database(name) {
      const { address } = await launch(name, "database");
      await (await world.database(name)).create(database, 1);
      return { address, port: database.port };
    },
    async openSocket() {
      const tunnel = machine().tunnel("public");
      return {
        reached: tunnel?.reached ?? null,
        stands: async () => tunnel?.stands() ?? false,
        end: async () => tunnel?.end(),
      };
    },
    // Connections are not simulated, only requests.
    keptAlive: async (asked) => ({ ask: () => ask(asked), end: async () => {} }),
    ask,
    async connect(slot) {
      const reached = site.connect({ address: host.address, port: settings.endpointPorts[slot] }, "application");
      return {
        reached: reached?.database.name ?? null,
        stands: async () => reached?.connection.stands ?? false,
        end: async () => reached?.connection.end(),
      };
    },
    async kill() {
      const limit = { withinMs: 20_000, everyMs: 50 };
      await waitFor(clock, limit, async () => (await host.serviceState("load-balancer")).state === "running");
      site.kill("lb-1", "load-balancer");
      await clock.sleep(1);
      if (machine().up) throw new Error("it was not killed");
    },
    close: async () => {},
  };
});
