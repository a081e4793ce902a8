/** The simulated site: every machine of one environment, what they run, and who reaches whom. */
import type { EnvironmentDefinition } from "../../model/environment.ts";
import type { Endpoint } from "../../model/load-balancer.ts";
import { Problem } from "../../model/problem.ts";
import type { Answer } from "../../model/world.ts";
import type { SimulatedClock } from "./clock.ts";
import type { Account } from "./database-connection.ts";
import { DatabaseServer } from "./database-server.ts";
import { NameRecords } from "./name-records.ts";
import { Fleet, type Server } from "./host-fleet.ts";
import type { Program } from "./host-processes.ts";
import { LoadBalancerServer, type Request, type Web } from "./load-balancer-server.ts";
import { type Connected, programsOf, type SimulatedRelease } from "./programs.ts";

const DISK_BYTES = 2_000_000_000;

export interface SiteParts {
  definition: EnvironmentDefinition;
  clock: SimulatedClock;
  releases: Record<string, SimulatedRelease>;
  /** What its machines can run besides. */
  programs?: Record<string, Program>;
}

export class Site {
  readonly definition: EnvironmentDefinition;
  readonly clock: SimulatedClock;
  readonly releases: Record<string, SimulatedRelease>;
  readonly fleet: Fleet;
  /** Those who listen, by `address:port`. */
  readonly listening = new Map<string, Web>();
  /** To whom everybody sends for a floating address: who announced it last. */
  readonly announced = new Map<string, string>();
  /** Machines of others that say that they have an address. */
  readonly strangers = new Map<string, string[]>();
  /** Lines of what was exported, by name; they are the control plane's and survive every server. */
  readonly exports = new Map<string, readonly string[]>();
  /** Packed templates by their content's hash. */
  readonly artefacts = new Map<string, Buffer>();
  /** They are no machine's: a DNS server stands outside. */
  readonly names = new NameRecords();
  /** Called after each change; laws look at the whole site in it. */
  readonly watchers = new Set<(what: string) => void>();
  readonly #databases = new WeakMap<Server, DatabaseServer>();
  readonly #loadBalancers = new WeakMap<Server, LoadBalancerServer>();

  constructor({ definition, clock, releases, programs }: SiteParts) {
    this.definition = definition;
    this.clock = clock;
    this.releases = releases;
    this.fleet = new Fleet({ clock, programs: { ...programsOf(this), ...programs } });
  }

  /** What stands on the server of this name now; gone with the server. */
  database(name: string): DatabaseServer {
    return this.#standing(this.#databases, name, (server) => new DatabaseServer(name, server.record.address, this));
  }

  loadBalancer(name: string): LoadBalancerServer {
    return this.#standing(
      this.#loadBalancers,
      name,
      (server) => new LoadBalancerServer(name, server.record.address, this),
    );
  }

  databases(): DatabaseServer[] {
    return this.#servers("database").map(({ record }) => this.database(record.name));
  }

  loadBalancers(): LoadBalancerServer[] {
    return this.#servers("load-balancer").map(({ record }) => this.loadBalancer(record.name));
  }

  get environment(): string {
    return this.definition.environment;
  }

  /** Its files, its data and its backups. */
  bytesOn(name: string, folder: string): number {
    const files = this.fleet.files.bytesIn(folder);
    if (this.#server(name).record.kind !== "database") return files;
    const { backups, bytes } = this.database(name);
    return [...backups.values()].reduce((sum, { backup }) => sum + backup.bytes, files + bytes);
  }

  /** All machines of a site are as large; a database says what is left on its own. */
  diskOf(name: string): { freeBytes: number; sizeBytes: number } {
    const { kind } = this.#server(name).record;
    return { freeBytes: kind === "database" ? this.database(name).freeBytes : DISK_BYTES / 2, sizeBytes: DISK_BYTES };
  }

  web(address: string, port: number): Web | null {
    return this.listening.get(`${address}:${port}`) ?? null;
  }

  /** Null when nobody is sent to, or whoever is does not hold it. */
  async answerAt(address: string, request: Request): Promise<Answer | null> {
    const all = this.loadBalancers();
    const name = this.announced.get(address) ?? all.find(({ floating }) => floating.has(address))?.name;
    return all.find((one) => one.name === name)?.answerBy(address, request) ?? null;
  }

  /** The database behind an address, straight or through a load balancer's endpoint; null when nobody answers. */
  databaseBehind({ address, port }: Endpoint): DatabaseServer | null {
    const through = this.loadBalancers().find((one) => one.address === address);
    const at = through ? through.endpointAt(port) : { address, port };
    const reached = this.databases().find((one) => one.address === at?.address && one.settings?.port === at?.port);
    return reached?.up ? reached : null;
  }

  connect(endpoint: Endpoint, account: Account): Connected | null {
    const database = this.databaseBehind(endpoint);
    const connection = database?.connect(account);
    if (!database || !connection) return null;
    this.loadBalancers()
      .find(({ address }) => address === endpoint.address)
      ?.carry(endpoint.port, connection);
    return { connection, database };
  }

  changed(what: string): void {
    for (const watch of this.watchers) watch(what);
  }

  /** The process of a service dies; its supervisor starts it again, as on a real host. */
  kill(name: string, service: string): void {
    const pid = this.#server(name).services.state(service).pid;
    if (pid !== null) this.fleet.processes.kill(pid);
  }

  /** The machine is restarted and nothing on it is started again. */
  crash(name: string): void {
    this.fleet.crash(this.definition.environment, name);
  }

  #servers(kind: string): Server[] {
    return [...this.#all().values()].filter(({ record }) => record.kind === kind);
  }

  #all = (): Map<string, Server> => this.fleet.environment(this.definition.environment).servers;

  #server(name: string): Server {
    const server = this.#all().get(name);
    if (server) return server;
    const what = `there is no server "${name}" in "${this.definition.environment}"`;
    throw new Problem("not-found", { what, why: "it was never launched, or retired", next: "changeover status" });
  }

  #standing<T>(held: WeakMap<Server, T>, name: string, make: (server: Server) => T): T {
    const server = this.#server(name);
    const there = held.get(server);
    if (there) return there;
    const made = make(server);
    held.set(server, made);
    return made;
  }
}
