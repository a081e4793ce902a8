/** The application contract over the simulated site, where no time passes but the simulated one. */
import type { Application } from "../../src/model/application.ts";
import type { Answer } from "../../src/model/world.ts";
import { SimulatedClock } from "../../src/providers/simulated/clock.ts";
import { type ProgramContext, simulatedCommand } from "../../src/providers/simulated/host-processes.ts";
import type { Web } from "../../src/providers/simulated/load-balancer-server.ts";
import { Site } from "../../src/providers/simulated/site.ts";
import { createSimulatedWorld } from "../../src/providers/simulated/world.ts";
import { describeApplicationContract } from "./application.contract.ts";
import type { ApplicationWorld } from "./application/world.ts";
import { registered, simulatedPrograms } from "./host/simulated-programs.ts";
import { simulatedDefinition as definition } from "./simulated-definition.ts";

const says = (status: number, body: string): Answer => ({ status, headers: {}, body });

describeApplicationContract("simulated", async (): Promise<ApplicationWorld> => {
  const clock = new SimulatedClock();
  const site: Site = new Site({ definition, clock, releases: {}, programs: { ...registered, tiny } });
  const world = createSimulatedWorld({ site, clock, token: 1 });
  const { environment, application, database } = definition;
  let launched = 0;
  return {
    clock,
    programs: simulatedPrograms,
    port: application.port,
    database,
    web: simulatedCommand("tiny"),
    tar: async () => Buffer.from("a release"),
    async launch() {
      launched += 1;
      const [name, address] = [`app-${launched}`, `10.0.0.${launched}`];
      await world.provider.launch({ environment, name, kind: "application", address, labels: {} });
      return world.application(name);
    },
    async readRelease({ name }: Application, path) {
      return (await world.provider.open(environment, name)).readFile(`release/${path}`);
    },
    close: async () => {},
  };

  async function tiny({ env, sleep }: ProgramContext): Promise<number> {
    const keys = new Set<string>();
    const at = `${env.HOST}:${env.PORT}`;
    const web: Web = {
      async answer({ method, path, body }) {
        const [, kind, name = ""] = path.split("/");
        if (kind === "slow") await clock.wake(2_000);
        if (kind === "variable") return says(200, `<${env[name] ?? ""}>`);
        if (kind !== "once" || method !== "POST") return says(404, "no such page");
        if (keys.has(name)) return says(409, "again");
        keys.add(name);
        return says(201, body ?? "");
      },
    };
    site.listening.set(at, web);
    try {
      await sleep(Number.MAX_SAFE_INTEGER / 4);
    } finally {
      if (site.listening.get(at) === web) site.listening.delete(at);
    }
    return 0;
  }
});
