/** A connection to a simulated database: it stands until somebody cuts it and keeps the rights it logged in with. */
import type { Change, History } from "./history.ts";
import { ROWS } from "./schema.ts";
import type { TableWatch } from "./table-watch.ts";

/** The migration's account writes through the fence while it is allowed to. */
export type Account = "application" | "migration";

/** What a connection needs of its server. */
interface Serving {
  readonly open: boolean;
  readonly history: History;
  readonly watch: TableWatch;
  now(): number;
  append(change: Change): void;
  forget(connection: Connection): void;
}

export class Connection {
  readonly account: Account;
  readonly id: number;
  stands = true;
  /** When its transaction was begun; null while there is none. */
  since: number | null = null;
  readonly #passes: boolean;
  readonly #server: Serving;
  #begun: Change[] = [];

  constructor(server: Serving, { id, account, passes }: { id: number; account: Account; passes: boolean }) {
    this.#server = server;
    this.#passes = passes;
    this.account = account;
    this.id = id;
  }

  /** Changes of a transaction that was begun and has not ended. */
  get pending(): number {
    return this.#begun.length;
  }

  begin(): void {
    this.since = this.#server.now();
  }

  /** False when the server does not take it. */
  write(change: Change): boolean {
    if (!this.#mayWrite()) return false;
    this.#count(change);
    if (this.since === null) this.#server.append(change);
    else this.#begun.push(change);
    return true;
  }

  commit(): boolean {
    const begun = this.#forgetBegun();
    if (!this.#mayWrite()) return false;
    for (const change of begun) this.#server.append(change);
    return true;
  }

  /** By whoever is at either end; what was begun is rolled back. */
  end(): void {
    this.stands = false;
    this.#forgetBegun();
    this.#server.forget(this);
  }

  /** When the statement ends, whatever becomes of its transaction; a row that is not there is neither found nor removed. */
  #count(change: Change): void {
    const { history, watch } = this.#server;
    if (change.kind === "put") watch.count(ROWS, { changed: 1 });
    else if (change.kind === "remove" && history.rows.includes(change.key)) watch.count(ROWS, { read: 1, changed: 1 });
  }

  #forgetBegun(): Change[] {
    const begun = this.#begun;
    this.#begun = [];
    this.since = null;
    return begun;
  }

  #mayWrite = (): boolean => this.stands && (this.#server.open || this.#passes);
}
