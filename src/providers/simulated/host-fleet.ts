/** The simulated machine: what stays when a control plane goes and the next one comes. */
import type { Duplex } from "node:stream";
import type { ServerRecord } from "../../model/provider.ts";
import type { SimulatedClock } from "./clock.ts";
import { Files } from "./host-files.ts";
import { Jobs } from "./host-jobs.ts";
import { Leases } from "./host-leases.ts";
import { Processes, type Program } from "./host-processes.ts";
import { Services } from "./host-services.ts";

/** What is listened to, by `address:port` or by the absolute path of a unix socket. */
export type Listener = (stream: Duplex) => void;

export interface Server {
  launched: ServerRecord;
  record: ServerRecord;
  directory: string;
  newestToken: number;
  /** Belongs to every process of it. */
  mark: string;
  jobs: Jobs;
  services: Services;
  leases: Leases;
}

export interface Environment {
  newestToken: number;
  servers: Map<string, Server>;
}

export class Fleet {
  readonly clock: SimulatedClock;
  readonly files = new Files();
  readonly processes: Processes;
  readonly listeners = new Map<string, Listener>();
  readonly environments = new Map<string, Environment>();
  #launched = 0;

  constructor({ clock, programs }: { clock: SimulatedClock; programs: Record<string, Program> }) {
    this.clock = clock;
    this.processes = new Processes(programs, clock, this.files);
  }

  environment(name: string): Environment {
    const held = this.environments.get(name);
    if (held) return held;
    const made: Environment = { newestToken: 0, servers: new Map() };
    this.environments.set(name, made);
    return made;
  }

  makeServer(record: ServerRecord): Server {
    this.#launched += 1;
    const directory = `/simulated/${record.environment}/${record.name}`;
    const place = { fleet: this, directory, mark: `server ${this.#launched}` };
    const parts = { jobs: new Jobs(place), services: new Services(place), leases: new Leases(place) };
    return { ...place, ...parts, launched: record, record, newestToken: 0 };
  }

  /** Everything on the server dies at once, as when its machine is restarted. */
  crash(environment: string, name: string): void {
    const server = this.#server(environment, name);
    for (const part of [server.jobs, server.services, server.leases]) part.crash();
    this.processes.killMarked(server.mark);
  }

  /** Whoever stops a service there dies while it waits for the service's end. */
  loseStoppers(environment: string, name: string): void {
    this.#server(environment, name).services.loseStoppers();
  }

  #server(environment: string, name: string): Server {
    const server = this.environments.get(environment)?.servers.get(name);
    if (server) return server;
    throw new Error(`there is no server "${name}" in "${environment}"`);
  }
}
