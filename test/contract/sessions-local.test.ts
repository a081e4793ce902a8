/** Retiring by sessions over real HAProxies of this machine, with real websockets. */
import { createHaproxy } from "../../src/drivers/haproxy/driver.ts";
import type { World } from "../../src/model/world.ts";
import { clock, createHaproxyWorld } from "../real/haproxy-world.ts";
import { openWebSocket } from "../real/websocket.ts";
import { settings } from "./load-balancer/world.ts";
import { describeSessionsContract } from "./sessions.contract.ts";

describeSessionsContract("local", async () => {
  const made = await createHaproxyWorld();
  const { provider } = made;
  const environment = "t";
  const second = await provider.launch({
    ...{ environment, name: "lb-2", kind: "load-balancer", address: made.addressOf(2), labels: {} },
  });
  const balancers = new Map([made.lb, createHaproxy(second, clock)].map((each) => [each.name, each]));
  const balancer = (name: string) => {
    const found = balancers.get(name);
    if (found) return found;
    throw new Error(`there is no ${name}`);
  };
  // Only what the steps about sessions reach.
  const world = {
    ...{ environment, clock, provider, within: () => world, redact: (text: string) => text },
    loadBalancer: async (name: string) => balancer(name),
  } as unknown as World;
  let last = 20;
  const launched: string[] = [];
  return {
    world,
    clock,
    loadBalancers: [...balancers.keys()],
    async launch(name) {
      last += 1;
      const { member } = await made.application(name, last);
      await provider.launch({ environment, name, kind: "application", address: member.address, labels: {} });
      launched.push(name);
      return member;
    },
    async openSocket(name) {
      const socket = await openWebSocket(balancer(name).address, settings.port, settings.hosts.public);
      const closed = socket.closed.then(() => false);
      const stands = () => Promise.race([closed, clock.sleep(150).then(() => true)]);
      return { reached: socket.greeting, stands, end: async () => socket.close() };
    },
    async close() {
      for (const name of [...launched, "lb-2"]) await provider.retire(environment, name);
      await made.close();
    },
  };
});
