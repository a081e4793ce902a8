/** The application that the laws are about: two releases on simulated machines, with every limit short. */
import { type EnvironmentDefinition, environmentSchema } from "../../src/model/environment.ts";
import { simulatedCommand } from "../../src/providers/simulated/host-processes.ts";
import type { SimulatedRelease } from "../../src/providers/simulated/programs.ts";

const release = (name: string) => ({
  artefact: `release-${name}`,
  start: { web: simulatedCommand("web", name), worker: simulatedCommand("worker") },
  migrate: simulatedCommand("migrate", name),
});

/** Three releases, so that one upgrade can follow another. */
export const shop: EnvironmentDefinition = environmentSchema.parse({
  environment: "shop",
  hosts: { public: "shop.test", test: "green.shop.test" },
  loadBalancers: 2,
  application: { name: "shop", servers: 1, group: { name: "burst", size: 1 }, workers: 1 },
  database: { engine: "mariadb", name: "shop", user: "shop" },
  release: "1",
  releases: { "1": release("1"), "2": release("2"), "3": release("3") },
  checks: {
    health: { path: "/healthz" },
    read: [{ path: "/rows" }],
    write: {
      method: "POST",
      path: "/rows?key={key}",
      expect: { status: 201 },
      cleanUp: [{ method: "DELETE", path: "/rows?key={key}", expect: { status: 204 } }],
    },
  },
  ledger: {
    write: { method: "POST", path: "/rows?key={key}", expect: { status: 201 } },
    read: { path: "/rows" },
    find: "SELECT key FROM rows",
  },
  backups: { everyHours: 24 },
  limits: { healthySeconds: 3, stopSeconds: 1, drainSeconds: 1, syncSeconds: 3, prepareSeconds: 5, migrateSeconds: 5 },
});

export const network = { prefix: "127.1.1" };
export const artefacts = { "1": "a".repeat(64), "2": "b".repeat(64), "3": "c".repeat(64) };

/** Each release's schema takes what the one before had and breaks it. */
export const releases = (): Record<string, SimulatedRelease> => ({
  "1": { schema: ["rows"], migration: "good", web: "good" },
  "2": { schema: ["rows", "split", "rename"], migration: "good", web: "good" },
  "3": { schema: ["rows", "split", "rename", "drop"], migration: "good", web: "good" },
});
