/** The environment that the simulated worlds of the contracts are made of. */
import { type EnvironmentDefinition, environmentSchema } from "../../src/model/environment.ts";

export const simulatedDefinition: EnvironmentDefinition = environmentSchema.parse({
  environment: "contract",
  hosts: { public: "shop.example", test: "test.shop.example" },
  application: { name: "shop" },
  database: { engine: "mariadb", name: "shop", user: "shop" },
  release: "1",
  releases: { "1": { artefact: "release-1", start: { web: "web" } } },
  checks: { health: { path: "/healthz" } },
});
