/** A real world for tests that need servers and drivers, and neither releases nor secrets of people. */
import { createWorld } from "../../src/drivers/world.ts";
import type { EnvironmentDefinition } from "../../src/model/environment.ts";
import type { Provider } from "../../src/model/provider.ts";
import type { World } from "../../src/model/world.ts";
import { systemClock } from "../../src/run/clock.ts";

const unused = async (): Promise<never> => {
  throw new Error("nothing of that is used here");
};

export const bareWorld = (definition: EnvironmentDefinition, provider: Provider): World =>
  createWorld({
    definition,
    provider,
    clock: systemClock,
    secret: (name) => `secret-${name}`,
    credential: () => "",
    secrets: () => [],
    artefact: unused,
    exports: { writeExport: unused, readExport: unused, removeExport: unused },
    ...{ path: null, origin: null, rehearsal: false, neighbours: unused },
    beside: (path) => path,
  });
