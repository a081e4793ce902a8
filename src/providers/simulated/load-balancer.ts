/** The simulated load balancer as the model's LoadBalancer. */
import { waitFor } from "../../model/clock.ts";
import type { Host } from "../../model/host.ts";
import type { LoadBalancer, Slot } from "../../model/load-balancer.ts";
import { Problem } from "../../model/problem.ts";
import { awaitUp, type ControlPlane, effectOn } from "./acting.ts";
import { simulatedCommand } from "./host-processes.ts";
import type { LoadBalancerServer } from "./load-balancer-server.ts";

const SERVICE = "load-balancer";

export interface LoadBalancerParts {
  plane: ControlPlane;
  host: Host;
  server(): LoadBalancerServer;
}

export function createSimulatedLoadBalancer(parts: LoadBalancerParts): LoadBalancer {
  const { plane, host, server } = parts;
  const up = (): LoadBalancerServer => running(server());
  const act = (what: string, takesMs: number, work: (on: LoadBalancerServer) => void): Promise<void> =>
    effectOn(plane, host, what, takesMs, () => work(up()));
  return {
    name: host.name,
    address: host.address,
    async start(settings) {
      await effectOn(plane, host, "start load balancer", 5, () => {
        server().settings = settings;
        return host.startService({ name: SERVICE, command: simulatedCommand(SERVICE, host.name) });
      });
      await awaitUp(plane, host.name, () => server().up);
    },
    stop: () => effectOn(plane, host, "stop load balancer", 5, () => host.stopService(SERVICE, 0)),
    running: async () => server().up,

    members: async (slot) => up().members[slot].map(({ misses: _misses, ...member }) => ({ ...member })),
    addMember: (slot, member) => addMember({ plane, host, server: up }, slot, member),
    removeMember: (slot, name, drainMs) => removeMember({ plane, host, server: up }, slot, name, drainMs),

    readRoute: async (route) => up().routes[route],
    setRoute: (route, slot) =>
      act(`route ${route}`, 3, (on) => {
        on.routes[route] = slot;
      }),
    readMaintenance: async () => up().showsPage(),
    setMaintenance: (shown) =>
      act(`page ${shown ? "on" : "off"}`, 3, (on) => {
        on.maintenance = shown;
        if (!shown && on.showsPage()) on.held = null;
      }),
    allowTester: (token) => act("allow tester", 3, (on) => void on.testers.add(token)),
    forgetTesters: () => act("forget testers", 3, (on) => on.testers.clear()),
    countTesters: async () => up().testers.size,
    hold: ({ seconds, lapsesTo }) =>
      act("hold", 3, (on) => {
        on.held = { until: plane.clock.now() + seconds * 1000, lapsesTo };
      }),
    release: () =>
      act("release", 3, (on) => {
        on.held = null;
      }),
    readHold: async () => ({ held: up().holdLeftMs() > 0, leftMs: up().holdLeftMs() }),
    readEndpoint: async (slot) => up().endpoints[slot],
    async setEndpoint(slot, to) {
      const now = up().endpoints[slot];
      if (to !== null && now?.address === to.address && now.port === to.port) return;
      // Closed while it moves, as on the real one: nobody slips through to the old database.
      await act(`close endpoint ${slot}`, 3, (on) => {
        on.endpoints[slot] = null;
      });
      if (!to) return;
      await act(`point endpoint ${slot}`, 3, (on) => {
        on.endpoints[slot] = { address: to.address, port: to.port };
      });
    },
    counters: async () => ({ ...up().counters }),
  };
}

type Member = { server: string; address: string; port: number };

async function addMember({ plane, host, server }: LoadBalancerParts, slot: Slot, member: Member): Promise<void> {
  await effectOn(plane, host, `add ${member.server}`, 3, () => {
    const there = server().members[slot].find((one) => one.server === member.server);
    if (there && (there.address !== member.address || there.port !== member.port)) throw otherAddress(slot, member);
    if (!there) {
      server().members[slot].push({ ...member, state: "drain", healthy: false, sessions: 0, misses: null });
    }
  });
  const find = () => server().members[slot].find((one) => one.server === member.server);
  const checked = await waitFor(plane.clock, { withinMs: 6_000, everyMs: 50 }, async () => find()?.misses !== null);
  if (!checked) throw neverChecked(slot, member);
  await effectOn(plane, host, `ready ${member.server}`, 3, () => {
    const there = find();
    if (there) there.state = "ready";
  });
}

async function removeMember(
  { plane, host, server }: LoadBalancerParts,
  slot: Slot,
  name: string,
  drainMs: number,
): Promise<void> {
  const find = () => server().members[slot].find((one) => one.server === name);
  if (!find()) return;
  await effectOn(plane, host, `drain ${name}`, 3, () => {
    const there = find();
    if (there) there.state = "drain";
  });
  await waitFor(plane.clock, { withinMs: drainMs, everyMs: 50 }, async () => (find()?.sessions ?? 0) === 0);
  await effectOn(plane, host, `remove ${name}`, 3, () => {
    const { members } = server();
    members[slot] = members[slot].filter((one) => one.server !== name);
  });
}

function running(server: LoadBalancerServer): LoadBalancerServer {
  if (server.up) return server;
  throw new Problem("unreachable", {
    what: `"${server.name}" can't be asked`,
    why: "its load balancer does not run",
    next: "changeover status",
  });
}

const otherAddress = (slot: Slot, { server }: Member): Problem =>
  new Problem("refused", {
    what: `"${server}" is already in slot ${slot} under another address`,
    why: "a server has one address",
    next: "remove it from the slot first",
  });

const neverChecked = (slot: Slot, { server }: Member): Problem =>
  new Problem("timed-out", {
    what: `"${server}" was not let into slot ${slot}`,
    why: "no health check ended within 6 s",
    next: "changeover status",
  });
