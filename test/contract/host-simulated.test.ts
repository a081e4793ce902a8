/** The host contract over the fleet in memory, where no time passes but the simulated one. */
import type { Host } from "../../src/model/host.ts";
import { SimulatedClock } from "../../src/providers/simulated/clock.ts";
import { Fleet } from "../../src/providers/simulated/host-fleet.ts";
import { createSimulatedProvider } from "../../src/providers/simulated/provider.ts";
import { describeHostContract } from "./host.contract.ts";
import { registered, simulatedPrograms as programs } from "./host/simulated-programs.ts";
import { type HostWorld, linesIn } from "./host/world.ts";

function placeOf({ directory }: Host): [environment: string, name: string] {
  const [environment = "", name = ""] = directory.split("/").slice(-2);
  return [environment, name];
}

describeHostContract("simulated", async (): Promise<HostWorld> => {
  const clock = new SimulatedClock();
  const fleet = new Fleet({ clock, programs: registered });
  return {
    clock,
    programs,
    address: "10.0.0.7",
    outside: (_host, name) => {
      const path = `/outside/${name}`;
      return { path, lines: () => linesIn(fleet.files.read(path)?.toString() ?? "") };
    },
    provider: (token = 1) => createSimulatedProvider({ fleet, token: () => token }),
    crash: async (host) => fleet.crash(...placeOf(host)),
    loseStoppers: async (host) => fleet.loseStoppers(...placeOf(host)),
    echo: async (at) => {
      const where = "unix" in at ? at.unix : `${at.host}:${at.port}`;
      fleet.listeners.set(where, (stream) => void stream.pipe(stream));
    },
    close: async () => {},
  };
});
