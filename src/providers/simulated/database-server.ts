/** A simulated database server as a machine: data, fence, replication with a delay, and what survives a restart. */
import type { Backup } from "../../model/backup.ts";
import type { DatabaseHealth, DatabaseReadiness, DatabaseSettings } from "../../model/database.ts";
import type { Endpoint } from "../../model/load-balancer.ts";
import type { SimulatedClock } from "./clock.ts";
import { type Account, Connection } from "./database-connection.ts";
import { type Change, History } from "./history.ts";
import { TableWatch } from "./table-watch.ts";

export interface DatabaseSurroundings {
  clock: SimulatedClock;
  /** Every database that can be reached now. */
  databases(): DatabaseServer[];
  /** Told after each change of what somebody could see. */
  changed(what: string): void;
}

export class DatabaseServer {
  readonly name: string;
  readonly address: string;
  settings: DatabaseSettings | null = null;
  history = new History();
  /** Its process answers. */
  up = false;
  /** Takes writes of the application while it is up. */
  open = false;
  /** The primary that it was pointed at, also while it does not replicate from it. */
  follows: Endpoint | null = null;
  replicates = false;
  /** On its disk: how it boots. */
  bootsOpen = false;
  bootsFollowing = false;
  /** On its disk: the migration's account writes through the fence. */
  migrationAllowed = false;
  /** Why replication stopped, when it did. */
  parted: string | null = null;
  /** Between a commit on the primary and its being applied here. */
  lagMs = 20;
  /** Open ones of the application besides those of its connections, and when they were begun. */
  readonly transactions: { since: number; user: string }[] = [];
  applierThreads = 4;
  dataBytes = 1_000_000;
  /** All machines of a site share one disk. */
  freeBytes = 1_000_000_000;
  /** The environment whose secrets open its accounts: a copy brings those of its source along. */
  openedBy = "";
  /** Who holds its tables and can't be cut, as a person at its own console; then it refuses to be fenced. */
  heldBy: string | null = null;
  /** Server and backup that the data was restored from. */
  origin: string | null = null;
  readonly backups = new Map<string, { backup: Backup; history: History }>();
  readonly connections = new Set<Connection>();
  readonly watch = new TableWatch();
  readonly #around: DatabaseSurroundings;
  /** What was on its way when replication was pointed elsewhere is dropped. */
  #subscription = 0;
  #connected = 0;

  constructor(name: string, address: string, around: DatabaseSurroundings) {
    this.name = name;
    this.address = address;
    this.#around = around;
  }

  get writable(): boolean {
    return this.up && this.open;
  }

  get bytes(): number {
    return 1024 * (1 + this.history.length);
  }

  get replicating(): boolean {
    return this.replicates && this.parted === null && this.#source()?.up === true;
  }

  health(): DatabaseHealth {
    const durable = { bootsWritable: this.bootsOpen, bootsFollowing: this.bootsFollowing };
    if (!this.up) {
      return { running: false, writable: false, following: null, replicating: false, error: null, ...durable };
    }
    const following = this.replicates ? (this.follows?.address ?? null) : null;
    const unreached = following !== null && !this.#source()?.up ? `can't reach ${following}` : null;
    return {
      running: true,
      writable: this.open,
      following,
      replicating: this.replicating,
      error: this.parted ?? unreached,
      ...durable,
    };
  }

  now(): number {
    return this.#around.clock.now();
  }

  readiness(longSeconds: number): DatabaseReadiness {
    const connected = [...this.connections].flatMap(({ since, account, pending }) => {
      const user = `${this.settings?.user}${account === "migration" ? "_migrate" : ""}`;
      return since === null ? [] : [{ since, user, detail: `${pending} rows changed` }];
    });
    const open = [...connected, ...this.transactions.map((one) => ({ ...one, detail: "idle" }))];
    return {
      longTransactions: open
        .map(({ since, ...seen }) => ({ seconds: (this.now() - since) / 1000, ...seen }))
        .filter(({ seconds }) => seconds >= longSeconds)
        .sort((left, right) => right.seconds - left.seconds),
      applierThreads: this.applierThreads,
      dataBytes: this.dataBytes,
      binlogBytes: 1024 * this.history.length,
      disk: { fileSystem: "memory", freeBytes: this.freeBytes },
    };
  }

  boot(): void {
    this.up = true;
    this.open = this.bootsOpen;
    this.replicates = this.bootsFollowing && this.follows !== null;
    this.#listen();
    for (const replica of this.#replicas()) replica.#listen();
    this.#around.changed(`"${this.name}" is up`);
  }

  end(): void {
    this.up = false;
    this.watch.end();
    this.cut();
    this.#around.changed(`"${this.name}" is down`);
  }

  bootAs(state: { open: boolean; following: boolean }): void {
    this.bootsOpen = state.open;
    this.bootsFollowing = state.following;
  }

  setOpen(open: boolean): void {
    this.open = open;
    this.#around.changed(`"${this.name}" is ${open ? "open" : "fenced"}`);
  }

  /** Null when nobody answers. */
  connect(account: Account): Connection | null {
    if (!this.up) return null;
    this.#connected += 1;
    const passes = account === "migration" && this.migrationAllowed;
    const connection = new Connection(this, { id: this.#connected, account, passes });
    this.connections.add(connection);
    return connection;
  }

  forget(connection: Connection): void {
    this.connections.delete(connection);
  }

  cut(account?: Account): void {
    for (const one of [...this.connections]) if (account === undefined || one.account === account) one.end();
  }

  append(change: Change): void {
    const serverId = this.address.split(".").at(-1);
    this.history.append({ id: `0-${serverId}-${this.history.length + 1}`, change });
    for (const replica of this.#replicas()) replica.#listen();
    this.#around.changed(`"${this.name}" has ${change.kind}`);
  }

  /** On a connection of its own; false when the server does not take it. */
  write(change: Change, account: Account): boolean {
    const connection = this.connect(account);
    const taken = connection?.write(change) ?? false;
    connection?.end();
    return taken;
  }

  follow(primary: Endpoint | null): void {
    this.#subscription += 1;
    this.follows = primary;
    this.replicates = primary !== null;
    this.parted = null;
    const source = this.#source();
    // A primary looks at once whether it knows where its replica stands.
    if (source?.up && !this.history.isPrefixOf(source.history)) this.#part(source);
    else this.#listen();
    this.#around.changed(`"${this.name}" follows ${primary?.address ?? "nobody"}`);
  }

  /** Everything on its disk becomes this, closed and following nobody. */
  refill(history: History, settings: DatabaseSettings | null): void {
    this.follow(null);
    this.history = history;
    this.settings = settings;
    this.origin = null;
    this.open = false;
    this.migrationAllowed = false;
    this.cut();
    this.bootAs({ open: false, following: false });
  }

  #source(): DatabaseServer | undefined {
    return this.#around.databases().find(({ address }) => address === this.follows?.address);
  }

  #replicas(): DatabaseServer[] {
    return this.#around
      .databases()
      .filter(({ follows, replicates }) => replicates && follows?.address === this.address);
  }

  /** What the source has committed by now is applied here after the delay. */
  #listen(): void {
    const source = this.#source();
    if (!source?.up || !this.replicates) return;
    const [subscription, upTo] = [this.#subscription, source.history.length];
    this.#around.clock.after(this.lagMs, () => {
      if (this.#subscription !== subscription || !this.up || this.parted !== null) return;
      if (this.history.isPrefixOf(source.history)) this.history.catchUp(source.history, upTo);
      else this.#part(source);
      this.#around.changed(`"${this.name}" applied`);
    });
  }

  #part({ address }: DatabaseServer): void {
    this.parted = `its data has parted from the data of ${address} at ${this.history.position}`;
  }
}
