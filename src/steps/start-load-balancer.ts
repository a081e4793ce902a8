/** Start a load balancer that shows the page to everyone until the environment is opened. */
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";
import { loadBalancerSettings } from "./parts/shapes.ts";
import { one } from "./parts/words.ts";

export const startLoadBalancer = defineStep({
  name: "start-load-balancer",
  input: z.strictObject({
    server: z.string(),
    settings: loadBalancerSettings,
  }),
  undoable: "always",
  says: ({ server, settings }) => `Start load balancer "${server}" on port ${settings.port}, showing the page`,
  byHand: ({ server, settings }) => ({
    act: `On ${one(server)} start a load balancer on port ${settings.port} that shows the page to everyone.`,
    see: "It answers with the page.",
    back: null,
  }),
  limitMs: () => 60_000,
  async apply({ world }, { server, settings }) {
    const loadBalancer = await world.loadBalancer(server);
    await loadBalancer.start(settings);
    await loadBalancer.setMaintenance(true);
  },
  async verify({ world, until }, { server }) {
    const loadBalancer = await world.loadBalancer(server);
    const running = await until(
      10_000,
      async () => (await loadBalancer.running()) && (await loadBalancer.readMaintenance()),
    );
    if (running) return { running, maintenance: true };
    throw new Problem("step-failed", {
      what: `load balancer "${server}" does not run`,
      why: "its process did not answer on its control socket",
      next: "changeover doctor",
    });
  },
});
