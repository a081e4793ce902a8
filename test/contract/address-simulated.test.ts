/** The contract of floating addresses on the simulated network. */
import { beforeAll } from "vitest";
import { SimulatedClock } from "../../src/providers/simulated/clock.ts";
import { Site } from "../../src/providers/simulated/site.ts";
import { createSimulatedWorld } from "../../src/providers/simulated/world.ts";
import { describeAddressContract } from "./address.contract.ts";
import { simulatedDefinition as definition } from "./simulated-definition.ts";

const clock = new SimulatedClock();
const site = new Site({ definition, clock, releases: {} });
const worldOf = (token: number) => createSimulatedWorld({ site, clock, token });

beforeAll(async () => {
  for (const [at, name] of ["lb-1", "lb-2"].entries()) {
    const address = `10.77.1.${at + 1}`;
    await worldOf(1).provider.launch({
      ...{ environment: definition.environment, name, kind: "load-balancer", address, labels: {} },
    });
  }
});

describeAddressContract("on the simulated network", () => ({
  address: "10.77.0.100",
  holder: (server, token) => worldOf(token).addressHolder(server),
}));
