/** Retiring by sessions over the simulated site. */
import type { Answer } from "../../src/model/world.ts";
import { SimulatedClock } from "../../src/providers/simulated/clock.ts";
import { Site } from "../../src/providers/simulated/site.ts";
import { createSimulatedWorld } from "../../src/providers/simulated/world.ts";
import { describeSessionsContract } from "./sessions.contract.ts";
import { simulatedDefinition as definition } from "./simulated-definition.ts";

describeSessionsContract("simulated", async () => {
  const clock = new SimulatedClock();
  const site = new Site({ definition, clock, releases: {} });
  const world = createSimulatedWorld({ site, clock, token: 1 });
  const { environment } = definition;
  const port = 8000;
  let last = 0;
  const launch = async (name: string, kind: "load-balancer" | "application") => {
    last += 1;
    const record = { environment, name, kind, address: `10.0.0.${last}`, labels: {} };
    await world.provider.launch(record);
    return record.address;
  };
  const loadBalancers = ["lb-1", "lb-2"];
  for (const name of loadBalancers) await launch(name, "load-balancer");
  return {
    world,
    clock,
    loadBalancers,
    async launch(server) {
      const address = await launch(server, "application");
      const answer = async (): Promise<Answer> => ({ status: 200, headers: {}, body: server });
      site.listening.set(`${address}:${port}`, { answer });
      return { server, address, port };
    },
    async openSocket(name) {
      const tunnel = site.loadBalancer(name).tunnel("public");
      return {
        reached: tunnel?.reached ?? null,
        stands: async () => tunnel?.stands() ?? false,
        end: async () => tunnel?.end(),
      };
    },
    close: async () => {},
  };
});
