/** The records of the simulated DNS, whoever changes them; compared and swapped in one moment. */
import { heldByOther, isThere, type NameMove, type NameRecord, sameAddresses, sorted } from "../../model/dns-name.ts";

export class NameRecords {
  readonly #records = new Map<string, NameRecord>();
  /** So many of the next changes happen and their answers get lost. */
  losing = 0;

  read(name: string): NameRecord {
    const { addresses, ttlSeconds } = this.#records.get(name) ?? { addresses: [], ttlSeconds: 0 };
    return { name, addresses: [...addresses], ttlSeconds };
  }

  /** As people do by hand: whatever is there is overwritten. */
  put(name: string, addresses: readonly string[], ttlSeconds: number): void {
    if (addresses.length === 0) this.#records.delete(name);
    else this.#records.set(name, { name, addresses: sorted(addresses), ttlSeconds });
  }

  /** False when nobody hears that it happened. */
  move(name: string, move: NameMove): boolean {
    const now = this.read(name);
    if (!isThere(now, move)) {
      if (!sameAddresses(now.addresses, move.from)) throw heldByOther(now, move.from);
      this.put(name, move.to, move.ttlSeconds);
    }
    if (this.losing === 0) return true;
    this.losing -= 1;
    return false;
  }
}
