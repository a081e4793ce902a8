/** A simulated database server as a machine: data, fence, replication with a delay, and what survives a restart. */
import type { Backup } from "../../model/backup.ts";
import type { DatabaseHealth, DatabaseReadiness, DatabaseSettings } from "../../model/database.ts";
import type { Endpoint } from "../../model/load-balancer.ts";
import type { SimulatedClock } from "./clock.ts";
import { type Change, History } from "./history.ts";

/** The migration's account writes through the fence while it is allowed to. */
export type Account = "application" | "migration";

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
  follows: Endpoint | null = null;
  /** On its disk: how it boots. */
  bootsOpen = false;
  bootsFollowing = false;
  /** On its disk: the migration's account writes through the fence. */
  migrationAllowed = false;
  /** Why replication stopped, when it did. */
  parted: string | null = null;
  /** Between a commit on the primary and its being applied here. */
  lagMs = 20;
  /** Open ones of the application, and when they were begun. */
  readonly transactions: { since: number; user: string }[] = [];
  applierThreads = 4;
  dataBytes = 1_000_000;
  /** All machines of a site share one disk. */
  freeBytes = 1_000_000_000;
  /** The environment whose secrets open its accounts: a copy brings those of its source along. */
  openedBy = "";
  /** Server and backup that the data was restored from. */
  origin: string | null = null;
  readonly backups = new Map<string, { backup: Backup; history: History }>();
  readonly #around: DatabaseSurroundings;
  /** What was on its way when replication was pointed elsewhere is dropped. */
  #subscription = 0;

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

  health(): DatabaseHealth {
    const durable = { bootsWritable: this.bootsOpen, bootsFollowing: this.bootsFollowing };
    if (!this.up) {
      return { running: false, writable: false, following: null, replicating: false, error: null, ...durable };
    }
    const source = this.#source();
    return {
      running: true,
      writable: this.open,
      following: this.follows?.address ?? null,
      replicating: this.follows !== null && this.parted === null && source?.up === true,
      error: this.parted ?? (this.follows && !source?.up ? `can't reach ${this.follows.address}` : null),
      ...durable,
    };
  }

  readiness(longSeconds: number): DatabaseReadiness {
    const now = this.#around.clock.now();
    const open = this.transactions.map(({ since, user }) => ({ seconds: (now - since) / 1000, user, detail: "idle" }));
    return {
      longTransactions: open.filter(({ seconds }) => seconds >= longSeconds),
      applierThreads: this.applierThreads,
      dataBytes: this.dataBytes,
      binlogBytes: 1024 * this.history.length,
      disk: { fileSystem: "memory", freeBytes: this.freeBytes },
    };
  }

  boot(): void {
    this.up = true;
    this.open = this.bootsOpen;
    if (!this.bootsFollowing) this.follows = null;
    this.#listen();
    for (const replica of this.#replicas()) replica.#listen();
    this.#around.changed(`"${this.name}" is up`);
  }

  end(): void {
    this.up = false;
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

  /** False when the server does not take it. */
  write(change: Change, account: Account): boolean {
    if (!this.up || !(this.open || (account === "migration" && this.migrationAllowed))) return false;
    const serverId = this.address.split(".").at(-1);
    this.history.append({ id: `0-${serverId}-${this.history.length + 1}`, change });
    for (const replica of this.#replicas()) replica.#listen();
    this.#around.changed(`"${this.name}" has ${change.kind}`);
    return true;
  }

  follow(primary: Endpoint | null): void {
    this.#subscription += 1;
    this.follows = primary;
    this.parted = null;
    this.#listen();
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
    this.bootAs({ open: false, following: false });
  }

  #source(): DatabaseServer | undefined {
    return this.#around.databases().find(({ address }) => address === this.follows?.address);
  }

  #replicas(): DatabaseServer[] {
    return this.#around.databases().filter(({ follows }) => follows?.address === this.address);
  }

  /** What the source has committed by now is applied here after the delay. */
  #listen(): void {
    const source = this.#source();
    if (!source?.up) return;
    const [subscription, upTo] = [this.#subscription, source.history.length];
    this.#around.clock.after(this.lagMs, () => {
      if (this.#subscription !== subscription || !this.up || this.parted !== null) return;
      if (this.history.isPrefixOf(source.history)) this.history.catchUp(source.history, upTo);
      else this.parted = `its data has parted from the data of ${source.address} at ${this.history.position}`;
      this.#around.changed(`"${this.name}" applied`);
    });
  }
}
