/** HAProxy 2.6 as a load balancer: maps for routes, page and hold, the runtime socket for members and endpoints. */
import type { Clock } from "../../model/clock.ts";
import type { Host } from "../../model/host.ts";
import type { LoadBalancer } from "../../model/load-balancer.ts";
import { checkAddress, checkServer, checkSettings, checkToken } from "../../model/load-balancer-check.ts";
import { createClosing } from "./closing.ts";
import { renderConfig } from "./config.ts";
import { readCounters } from "./counters.ts";
import { type Desired, desiredFile, needDesired } from "./desired.ts";
import { readEndpoint, setEndpoint } from "./endpoints.ts";
import { createGate } from "./gate.ts";
import { createMaps } from "./maps.ts";
import { addMember, drainMember, readServers, removeMember } from "./members.ts";
import { createRouting } from "./routing.ts";
import { serially, sharing } from "./serial.ts";
import { parseAnswers, parseConnections } from "./parse.ts";
import { CONFIG, forgetSocket, SERVICE, socketPath, startHaproxy } from "./start.ts";
import { createWire } from "./wire.ts";

const STOP_GRACE = 5_000;

export function createHaproxy(host: Host, clock: Clock): LoadBalancer {
  const readSocket = async () => (await needDesired(host)).socket;
  const wire = createWire(host, clock, socketPath(host.directory), readSocket);
  const maps = createMaps(host, wire);

  const oneByOne = <T>(work: () => Promise<T>) => serially(`files ${host.name} ${host.directory}`, work);
  /** First what is meant, then the configuration a restart would read; the running process comes after both. */
  let changes: ((desired: Desired) => void)[] = [];
  const writeChanges = sharing(() =>
    oneByOne(async () => {
      const wanted = changes;
      changes = [];
      const desired = await needDesired(host);
      for (const change of wanted) change(desired);
      await host.putFiles([desiredFile(desired), { path: CONFIG, data: renderConfig(desired) }]);
    }),
  );
  const rewrite = (change: (desired: Desired) => void) => {
    changes.push(change);
    return writeChanges();
  };
  const rows = { a: sharing(() => readServers(wire, "web_a")), b: sharing(() => readServers(wire, "web_b")) };
  const tools = { clock, wire, rewrite, rows };

  return {
    name: host.name,
    address: host.address,

    start: async (settings) => {
      checkSettings(settings);
      await oneByOne(() => startHaproxy(host, clock, wire, settings));
      await maps.settle();
    },
    stop: async () => {
      await host.stopService(SERVICE, STOP_GRACE);
      await forgetSocket(host);
    },
    running: async () => (await host.serviceState(SERVICE)).state === "running" && (await wire.answers()),

    members: async (slot) => (await rows[slot]()).map(({ check: _check, queued: _queued, ...member }) => member),
    addMember: async (slot, member) => {
      checkServer(member.server);
      checkAddress(member);
      await addMember(tools, slot, member);
    },
    drainMember: (slot, server) => drainMember(tools, slot, server),
    removeMember: (slot, server, drainMs) => removeMember(tools, slot, server, drainMs),

    ...createRouting(host, maps),
    ...createGate(host, maps),

    allowTester: async (token) => {
      checkToken(token);
      await maps.set("testers", token, "yes");
    },
    forgetTesters: () => maps.clear("testers"),
    countTesters: async () => (await maps.readAll("testers")).size,

    ...createClosing(maps),

    readEndpoint: (slot) => readEndpoint(wire, slot),
    setEndpoint: async (slot, to) => {
      if (to) checkAddress(to);
      await setEndpoint(tools, slot, to);
    },

    // 1 means frontends.
    connections: async () => parseConnections(await wire.ask("show stat web 1 -1")),
    counters: () => readCounters(wire, clock),
    answers: async (slot) => parseAnswers(await wire.ask(`show stat web_${slot} 4 -1`)),
    countLines: (asked) => host.countLines({ service: SERVICE }, asked),
  };
}
