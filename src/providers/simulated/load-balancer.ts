/** The simulated load balancer as the model's LoadBalancer. */
import { waitFor } from "../../model/clock.ts";
import type { Host } from "../../model/host.ts";
import type { Endpoint, LoadBalancer, Slot } from "../../model/load-balancer.ts";
import {
  checkAddress,
  checkHold,
  checkServer,
  checkSettings,
  checkShare,
  checkToken,
} from "../../model/load-balancer-check.ts";
import { canonical } from "../../model/plan.ts";
import { Problem } from "../../model/problem.ts";
import { awaitUp, type ControlPlane, effectOn } from "./acting.ts";
import { simulatedCommand } from "./host-processes.ts";
import { type LoadBalancerServer, noAnswers } from "./load-balancer-server.ts";

const SERVICE = "load-balancer";
/** Long enough for a supervisor to bring a dead process back. */
const RETURN_MS = 5_000;

export interface LoadBalancerParts {
  plane: ControlPlane;
  host: Host;
  server(): LoadBalancerServer;
}

interface Tools {
  up(): Promise<LoadBalancerServer>;
  act(what: string, takesMs: number, work: (on: LoadBalancerServer) => void): Promise<void>;
  plane: ControlPlane;
}

export function createSimulatedLoadBalancer(parts: LoadBalancerParts): LoadBalancer {
  const { plane, host, server } = parts;
  const up = async (): Promise<LoadBalancerServer> => {
    started(server());
    await waitFor(plane.clock, { withinMs: RETURN_MS, everyMs: 50 }, async () => server().up);
    return running(server());
  };
  const tools: Tools = {
    plane,
    up,
    async act(what, takesMs, work) {
      await up();
      await effectOn(plane, host, what, takesMs, () => work(running(server())));
    },
  };
  const { act } = tools;
  return {
    name: host.name,
    address: host.address,
    async start(settings) {
      checkSettings(settings);
      const configuration = canonical(settings);
      await effectOn(plane, host, "start load balancer", 5, () => {
        server().settings = settings;
        const command = simulatedCommand(SERVICE, host.name);
        // Another definition is a new process, as on the real one: a running one can't take it.
        return host.startService({ name: SERVICE, command, env: { CONFIGURATION: configuration } });
      });
      await awaitUp(plane, host.name, () => {
        const { running: now } = server();
        return now !== null && canonical(now) === configuration;
      });
    },
    stop: () => effectOn(plane, host, "stop load balancer", 5, () => host.stopService(SERVICE, 0)),
    running: async () => server().up,

    members: async (slot) =>
      (await up()).members[slot].map(({ misses: _misses, answered: _answered, flights, ...member }) => ({
        ...member,
        sessions: flights.size,
      })),
    async addMember(slot, member) {
      checkServer(member.server);
      checkAddress(member);
      await addMember(tools, slot, member);
    },
    async drainMember(slot, name) {
      checkServer(name);
      await drainMember(tools, slot, name);
    },
    async removeMember(slot, name, drainMs) {
      checkServer(name);
      await removeMember(tools, slot, name, drainMs);
    },

    ...routing(tools),
    ...gate(tools),
    async allowTester(token) {
      checkToken(token);
      await act("allow tester", 3, (on) => void on.testers.add(token));
    },
    forgetTesters: () => act("forget testers", 3, (on) => on.testers.clear()),
    countTesters: async () => (await up()).testers.size,
    readClosing: async (address) => (await up()).closing.has(address),
    async setClosing(address, closing) {
      checkAddress({ address, port: 1 });
      await act(`${closing ? "close" : "keep"} connections by ${address}`, 3, (on) => {
        if (closing) on.closing.add(address);
        else on.closing.delete(address);
      });
    },
    readEndpoint: async (slot) => (await up()).endpoints[slot],
    async setEndpoint(slot, to) {
      if (to) checkAddress(to);
      await setEndpoint(tools, slot, to);
    },
    connections: async () => (await up()).connections,
    counters: async () => ({ ...(await up()).counters }),
    answers: async (slot) =>
      (await up()).members[slot].map(({ server, answered: { latencyMs, ...counts } }) => ({
        ...{ server, ...counts },
        latencyMs: latencyMs === null ? null : Math.round(latencyMs),
      })),
    countLines: (asked) => host.countLines({ service: SERVICE }, asked),
  };
}

type Routing = Pick<LoadBalancer, "readRoute" | "setRoute" | "readShare" | "setShare">;

const routing = ({ up, act }: Tools): Routing => ({
  readRoute: async (route) => (await up()).routes[route],
  setRoute: (route, slot) =>
    act(`route ${route}`, 3, (on) => {
      on.routes[route] = slot;
      if (route === "public") on.share = 0;
    }),
  readShare: async () => (await up()).share,
  async setShare(percent) {
    checkShare(percent);
    await act(`share ${percent}`, 3, (on) => {
      if (percent > 0 && on.routes.public === null) throw noShare(on);
      on.share = percent;
    });
  },
});

type Gate = Pick<LoadBalancer, "readMaintenance" | "setMaintenance" | "hold" | "release" | "readHold">;

const gate = ({ up, act, plane }: Tools): Gate => ({
  readMaintenance: async () => (await up()).showsPage(),
  setMaintenance: (shown) =>
    act(`page ${shown ? "on" : "off"}`, 3, (on) => {
      on.maintenance = shown;
      if (!shown && on.showsPage()) on.held = null;
    }),
  async hold({ seconds, lapsesTo }) {
    checkHold(seconds);
    await act("hold", 3, (on) => {
      on.held = { until: plane.clock.now() + seconds * 1000, lapsesTo };
    });
  },
  release: () =>
    act("release", 3, (on) => {
      on.held = null;
    }),
  async readHold() {
    const leftMs = (await up()).holdLeftMs();
    return { held: leftMs > 0, leftMs };
  },
});

/** Closed while it moves, as on the real one: nobody slips through to the old database. */
async function setEndpoint({ up, act }: Tools, slot: Slot, to: Endpoint | null): Promise<void> {
  const wanted = to && { address: to.address, port: to.port };
  await act(`keep endpoint ${slot}`, 1, (on) => {
    on.keptEndpoints[slot] = wanted;
  });
  const now = (await up()).endpoints[slot];
  if (wanted && now?.address === wanted.address && now.port === wanted.port) return;
  await act(`close endpoint ${slot}`, 2, (on) => {
    on.endpoints[slot] = null;
    on.cutDatabase(slot);
  });
  if (!wanted) return;
  await act(`point endpoint ${slot}`, 3, (on) => {
    on.endpoints[slot] = wanted;
  });
}

type Member = { server: string; address: string; port: number };

async function addMember({ up, act, plane }: Tools, slot: Slot, member: Member): Promise<void> {
  const find = (on: LoadBalancerServer) => on.members[slot].find(({ server }) => server === member.server);
  await act(`add ${member.server}`, 3, (on) => {
    const there = find(on);
    if (there && (there.address !== member.address || there.port !== member.port)) throw otherAddress(slot, member);
    if (there) return;
    const { server, address, port } = member;
    const fresh = { healthy: false, misses: null, answered: noAnswers(), flights: new Set<never>() };
    on.members[slot].push({ server, address, port, state: "drain", ...fresh });
  });
  const limit = { withinMs: 6_000, everyMs: 50 };
  const checked = await waitFor(plane.clock, limit, async () => (find(await up())?.misses ?? null) !== null);
  if (!checked) throw neverChecked(slot, member);
  await act(`ready ${member.server}`, 3, (on) => {
    const there = find(on);
    if (there) there.state = "ready";
  });
}

async function drainMember({ up, act }: Tools, slot: Slot, name: string): Promise<void> {
  const find = (on: LoadBalancerServer) => on.members[slot].find(({ server }) => server === name);
  if (!find(await up())) return;
  await act(`drain ${name}`, 3, (on) => {
    const there = find(on);
    if (there) there.state = "drain";
  });
}

async function removeMember(tools: Tools, slot: Slot, name: string, drainMs: number): Promise<void> {
  const { up, act, plane } = tools;
  const find = (on: LoadBalancerServer) => on.members[slot].find(({ server }) => server === name);
  if (!find(await up())) return;
  await drainMember(tools, slot, name);
  const idle = async () => (find(await up())?.flights.size ?? 0) === 0;
  await waitFor(plane.clock, { withinMs: drainMs, everyMs: 50 }, idle);
  await act(`remove ${name}`, 3, (on) => {
    const there = find(on);
    if (there) on.cutRequests(there);
    on.members[slot] = on.members[slot].filter((one) => one !== there);
  });
}

function started(server: LoadBalancerServer): void {
  if (server.settings) return;
  throw new Problem("not-found", {
    what: `load balancer "${server.name}" was never started`,
    why: "its files are not on the server",
    next: "changeover up",
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

const noShare = ({ name }: LoadBalancerServer): Problem =>
  new Problem("refused", {
    what: `"${name}" can't give a share of the public`,
    why: "its public route leads nowhere",
    next: "lead the public to a pool first",
  });

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
