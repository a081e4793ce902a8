/** The data of a simulated database as the transactions that made it, so that a copy is a prefix and parting is seen. */

export type Change = { kind: "put"; key: string } | { kind: "remove"; key: string } | { kind: "schema"; name: string };

/** Copies share the very same objects: two transactions with one id that were made apart are still two. */
export interface Transaction {
  readonly id: string;
  readonly change: Change;
}

export class History {
  readonly #transactions: Transaction[] = [];
  readonly #ids = new Set<string>();
  #rows: string[] = [];
  #schema: string[] = [];

  get length(): number {
    return this.#transactions.length;
  }

  /** Id of the last transaction, empty before the first. */
  get position(): string {
    return this.#transactions.at(-1)?.id ?? "";
  }

  /** Keys of all rows; one that was put twice is there twice. */
  get rows(): readonly string[] {
    return this.#rows;
  }

  /** Names of the changes that made the schema, in order. */
  get schema(): readonly string[] {
    return this.#schema;
  }

  /** Is everything up to this position in here? */
  covers(position: string): boolean {
    return position === "" || this.#ids.has(position);
  }

  /** Transactions after this position; null when it is not in here. */
  countSince(position: string): number | null {
    if (position === "") return this.length;
    const at = this.#transactions.findIndex(({ id }) => id === position);
    return at < 0 ? null : this.length - 1 - at;
  }

  /** What led to this position, and what came after it; null when it is not in here. */
  around(position: string): { before: History; after: readonly Transaction[] } | null {
    const at = this.#transactions.findIndex(({ id }) => id === position);
    if (at < 0) return null;
    const before = new History();
    before.catchUp(this, at + 1);
    return { before, after: this.#transactions.slice(at + 1) };
  }

  append(transaction: Transaction): void {
    this.#transactions.push(transaction);
    this.#ids.add(transaction.id);
    const { change } = transaction;
    if (change.kind === "put") this.#rows.push(change.key);
    else if (change.kind === "remove") this.#rows = this.#rows.filter((key) => key !== change.key);
    else this.#schema = [...this.#schema, change.name];
  }

  isPrefixOf(other: History): boolean {
    const last = this.#transactions.at(-1);
    return last === undefined || other.#transactions[this.length - 1] === last;
  }

  /** Appends what the other has beyond this one, up to so many transactions in all. */
  catchUp(other: History, upTo: number): void {
    for (const transaction of other.#transactions.slice(this.length, upTo)) this.append(transaction);
  }

  copy(): History {
    const copied = new History();
    copied.catchUp(this, this.length);
    return copied;
  }
}
