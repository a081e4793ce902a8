/** The host contract over the fleet in memory, where no time passes but the simulated one. */
import type { Host } from "../../src/model/host.ts";
import { SimulatedClock } from "../../src/providers/simulated/clock.ts";
import { Fleet } from "../../src/providers/simulated/host-fleet.ts";
import { simulatedCommand as command, type Program } from "../../src/providers/simulated/host-processes.ts";
import { createSimulatedProvider } from "../../src/providers/simulated/provider.ts";
import { describeHostContract } from "./host.contract.ts";
import type { HostWorld, Programs } from "./host/world.ts";

const [first, second] = [0, 1];

const registered: Record<string, Program> = {
  say: ({ args, print }) => {
    print(`${args[first]}`);
    return Number(args[second] ?? 0);
  },
  sleep: async ({ args, sleep }) => {
    await sleep(Number(args[first]));
    return 0;
  },
  cat: ({ stdin, print }) => {
    print(stdin);
    return 0;
  },
  variable: ({ args, env, print }) => {
    print(env[args[first] ?? ""] ?? "");
    return 0;
  },
  folder: ({ folder, print }) => {
    print(`${folder}\n`);
    return 0;
  },
  append: ({ args, appendFile }) => {
    appendFile(args[first] ?? "", `${args[second]}\n`);
    return 0;
  },
  "append-slowly": async ({ args, appendFile, sleep }) => {
    appendFile(args[first] ?? "", "begun\n");
    await sleep(Number(args[second]));
    appendFile(args[first] ?? "", "ended\n");
    return 0;
  },
  beat: async ({ args, appendFile, sleep }) => {
    for (;;) {
      appendFile(args[first] ?? "", "beat\n");
      await sleep(20);
    }
  },
  deaf: async ({ args, appendFile, sleep, ignoreTerm }) => {
    ignoreTerm();
    for (;;) {
      appendFile(args[first] ?? "", "beat\n");
      await sleep(20);
    }
  },
  "beat-behind": async ({ args, daemon, sleep }) => {
    daemon(command("beat", ...args));
    await sleep(600_000);
    return 0;
  },
  flood: ({ args, print }) => {
    print("x".repeat(Number(args[first])));
    print("end\n");
    return 0;
  },
  kill: ({ args, kill }) => {
    kill(Number(args[first]));
    return 0;
  },
};

const programs: Programs = {
  say: (text) => command("say", text),
  sayThenExit: (text, code) => command("say", `${text}\n`, String(code)),
  sleep: (ms) => command("sleep", String(ms)),
  copyInput: () => command("cat"),
  printVariable: (name) => command("variable", name),
  printFolder: () => command("folder"),
  append: (path, text) => command("append", path, text),
  appendSlowly: (path, ms) => command("append-slowly", path, String(ms)),
  beatBehind: (path) => command("beat-behind", path),
  flood: (bytes) => command("flood", String(bytes)),
  kill: (pid) => command("kill", String(pid)),
  deaf: (path) => command("deaf", path),
};

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
