/** The same application in an environment of ours on the same hosts, and the control plane's processes apart from it. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Health } from "../../src/api/contract.ts";
import type { Lab } from "../../src/providers/lab/lab.ts";
import type { Product } from "../../test/product/product.ts";
import type { Entrance } from "./clients.ts";
import type { Group } from "./processor.ts";
import type { Release } from "./releases.ts";

const ENVIRONMENT = "live";
const SERVERS = 8;
/** A load balancer, the servers, and a primary with its replica that nobody asks; as many servers stand beside, and a place for a spare. */
export const HOSTS = 1 + SERVERS + 2 + SERVERS + 1;
const PORT = 8080;
const PUBLIC = "changeover.test";
const COMMAND = join(import.meta.dirname, "../../bootstrap/changeover.js");
const STRATEGY = { rolling: "in-place", switch: "replace" } as const;
const SAYS_RELEASE = "release";

/** Which machine of the lab became what. */
interface Cast {
  balancer: string;
  apps: string[];
}

export function writeFile(product: Product, lab: Lab, releases: Release[]): string {
  const answers = (path: string) => ({ path, expect: { status: 200, body: SAYS_RELEASE } });
  const start = { web: `exec ${process.execPath} server.mjs` };
  const definition = {
    environment: ENVIRONMENT,
    provider: lab.provider,
    hosts: { public: PUBLIC, test: "new.changeover.test" },
    port: PORT,
    loadBalancers: 1,
    application: { name: "bench", port: 8000, servers: SERVERS, workers: 0 },
    database: { engine: "mariadb", name: "bench", user: "bench" },
    release: releases[0]?.name,
    releases: Object.fromEntries(releases.map(({ name, folder }) => [name, { artefact: folder, start }])),
    checks: { health: answers("/health"), version: answers("/health") },
    minor: { batch: 1, soakSeconds: 0.1 },
  };
  const path = join(product.folder, "environment.yaml");
  writeFileSync(path, stringify(definition));
  return path;
}

export async function castOf(product: Product): Promise<Cast> {
  const { inventory } = await product.status(ENVIRONMENT);
  return {
    balancer: inventory.loadBalancers[0]?.record.address ?? "",
    apps: inventory.applications.map(({ record }) => record.address),
  };
}

export const entranceOf = ({ balancer }: Cast): Entrance => ({ address: balancer, port: PORT, host: PUBLIC });

/** As a person types it: through the bootstrap. */
export const upgradeOf = ({ home }: Product, mode: keyof typeof STRATEGY, to: Release) => ({
  command: [
    process.execPath,
    COMMAND,
    ...["upgrade", ENVIRONMENT, "--to", to.name, "--strategy", STRATEGY[mode], "--yes", "--json"],
  ],
  env: { CHANGEOVER_HOME: home },
});

/** The control plane's own process is counted in one group from here on, its database's in another. */
export async function countApart(product: Product, plane: Group, database: Group): Promise<void> {
  const { pid, databasePid } = await product.client.get<Health>("/health");
  plane.take(pid);
  for (const one of databasePid === null ? [] : [databasePid, ...childrenOf(databasePid)]) database.take(one);
}

const childrenOf = (parent: number): number[] =>
  readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && parentOf(pid) === parent);

function parentOf(pid: number): number | null {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[1]);
  } catch {
    return null;
  }
}
