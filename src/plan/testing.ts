/** Where testers find new servers before the public does: behind the load balancers that serve, or behind one of their own. */
import type { EnvironmentDefinition } from "../model/environment.ts";
import type { LoadBalancerSettings } from "../model/load-balancer.ts";
import type { PlanStep } from "../model/plan.ts";
import type { ServerRecord } from "../model/provider.ts";
import { launchServer } from "../steps/launch-server.ts";
import { startLoadBalancer } from "../steps/start-load-balancer.ts";
import { type Layout, loadBalancerSettings } from "./layout.ts";
import { act } from "./stage.ts";

/** Launched only for testing. */
export interface TestBalancer {
  record: ServerRecord;
  settings: LoadBalancerSettings;
}

const PAGE = "<!doctype html><title>For testers only</title><p>This load balancer shows new servers to testers.</p>";

/** Null when the others show them under the test host name. */
export const testBalancerOf = (definition: EnvironmentDefinition, layout: Layout): TestBalancer | null =>
  definition.testing.loadBalancer === "separate"
    ? {
        record: layout.next("load-balancer", "lb", { role: "test" }),
        settings: loadBalancerSettings(definition, PAGE),
      }
    : null;

export function launchTestBalancer({ port }: EnvironmentDefinition, { record, settings }: TestBalancer): PlanStep[] {
  const { a, b } = settings.endpointPorts;
  return [
    act(launchServer, { record, ports: [port, a, b], onUndo: "retire" }),
    act(startLoadBalancer, { server: record.name, settings }),
  ];
}

export const testersAt = (cast: { testBalancer: TestBalancer | null; loadBalancers: string[] }): string[] =>
  cast.testBalancer ? [cast.testBalancer.record.name] : cast.loadBalancers;
