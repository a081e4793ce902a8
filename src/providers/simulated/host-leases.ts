/** Leases of one simulated server. */
import type { Lease, LeaseState } from "../../model/host.ts";
import type { Place } from "./host-place.ts";

interface Held {
  deadline: number;
  onLapse: string;
  lapsed: boolean;
  stopWatching: (() => void) | null;
}

export class Leases {
  readonly #place: Place;
  readonly #leases = new Map<string, Held>();

  constructor(place: Place) {
    this.#place = place;
  }

  set({ name, seconds, onLapse }: Lease): void {
    this.#leases.get(name)?.stopWatching?.();
    const deadline = this.#place.fleet.clock.now() + seconds * 1000;
    const lease: Held = { deadline, onLapse, lapsed: false, stopWatching: null };
    this.#leases.set(name, lease);
    this.#watch(lease);
  }

  state(name: string): LeaseState {
    const lease = this.#leases.get(name);
    if (!lease) return { state: "absent" };
    if (lease.lapsed) return { state: "lapsed" };
    // Its watcher died with the server: the promise is kept as soon as anybody looks.
    if (!lease.stopWatching) this.#watch(lease);
    return { state: "held", leftMs: Math.max(0, lease.deadline - this.#place.fleet.clock.now()) };
  }

  end(name: string): void {
    this.#leases.get(name)?.stopWatching?.();
    this.#leases.delete(name);
  }

  /** Also what is left when the server is retired. */
  crash(): void {
    for (const lease of this.#leases.values()) {
      lease.stopWatching?.();
      lease.stopWatching = null;
    }
  }

  #watch(lease: Held): void {
    const { fleet, directory, mark } = this.#place;
    lease.stopWatching = fleet.clock.after(lease.deadline - fleet.clock.now(), () => {
      lease.lapsed = true;
      const { onLapse: command } = lease;
      fleet.processes.start({ command, env: {}, folder: directory, stdin: "", marks: [mark], print: () => {} });
    });
  }
}
