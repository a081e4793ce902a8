/** The load balancer contract over a real HAProxy of this machine. */
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { ask, clock, createHaproxyWorld } from "../real/haproxy-world.ts";
import { openWebSocket } from "../real/websocket.ts";
import { describeLoadBalancerContract } from "./load-balancer.contract.ts";
import { type LoadBalancerWorld, settings, type Standing } from "./load-balancer/world.ts";

describeLoadBalancerContract("local", async (): Promise<LoadBalancerWorld> => {
  const world = await createHaproxyWorld();
  const agent = new http.Agent({ keepAlive: true });
  let addresses = 10;
  const fresh = () => {
    addresses += 1;
    return addresses;
  };
  return {
    clock,
    balancer: world.lb,
    nobody: { address: world.addressOf(9), port: 8000 },
    backend: (name) => world.application(name, fresh()),
    database: (name) => world.database(name, fresh()),
    ask: ({ keepAlive, ...asked } = {}) =>
      ask(world.address, keepAlive ? { ...asked, agent } : asked).catch(() => null),
    connect: (slot) => connect(world.address, settings.endpointPorts[slot]),
    async openSocket() {
      const socket = await openWebSocket(world.address, settings.port, settings.hosts.public);
      const closed = socket.closed.then(() => false);
      const stands = () => Promise.race([closed, clock.sleep(150).then(() => true)]);
      return { reached: socket.greeting, stands, end: async () => socket.close() };
    },
    async keptAlive(asked = {}) {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      return { ask: () => ask(world.address, { ...asked, agent }).catch(() => null), end: async () => agent.destroy() };
    },
    kill: world.kill,
    async close() {
      agent.destroy();
      await world.close();
    },
  };
});

async function connect(host: string, port: number): Promise<Standing> {
  const socket = net.connect(port, host).on("error", () => {});
  const closed = new Promise<null>((resolve) => socket.on("close", () => resolve(null)));
  const said = once(socket, "data").then(
    ([data]) => String(data),
    () => null,
  );
  const reached = await Promise.race([said, closed]);
  return {
    reached,
    // Long enough for the end of a connection that was cut to arrive.
    stands: () => Promise.race([closed.then(() => false), clock.sleep(150).then(() => true)]),
    end: async () => void socket.destroy(),
  };
}
