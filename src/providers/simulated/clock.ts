/** A clock that stands still until it is told to go on, or jumps ahead by itself whenever somebody waits. */
import type { Clock } from "../../model/clock.ts";

interface Timer {
  at: number;
  order: number;
  run: () => void;
}

/** Lets everything that can run without time passing run first. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class SimulatedClock implements Clock {
  #now: number;
  readonly #auto: boolean;
  #order = 0;
  #timers: Timer[] = [];
  /** Those who wait for time to pass. Timers of simulated processes alone must not drive time: daemons never end. */
  #waiting = 0;
  #driving = false;

  constructor({ startsAt = Date.UTC(2030, 0, 1), auto = true }: { startsAt?: number; auto?: boolean } = {}) {
    this.#now = startsAt;
    this.#auto = auto;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.waitingFor(this.wake(ms, signal));
  }

  /** As sleep, but does not make time go on: for what happens inside of the simulated world. */
  wake(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const stop = () => {
        cancel();
        reject(signal?.reason);
      };
      const cancel = this.after(ms, () => {
        signal?.removeEventListener("abort", stop);
        resolve();
      });
      signal?.addEventListener("abort", stop, { once: true });
    });
  }

  /** Calls back when so much time has passed; gives a function that cancels it. */
  after(ms: number, run: () => void): () => void {
    this.#order += 1;
    const timer = { at: this.#now + Math.max(0, ms), order: this.#order, run };
    this.#timers.push(timer);
    this.#timers.sort((left, right) => left.at - right.at || left.order - right.order);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  /** Time may go on until this is settled. */
  async waitingFor<T>(work: Promise<T>): Promise<T> {
    this.#waiting += 1;
    if (this.#auto && !this.#driving) this.#drive();
    try {
      return await work;
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Everything that is due within these milliseconds happens, in order. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    while (this.#timers[0] && this.#timers[0].at <= until) {
      this.#fire();
      await settle();
    }
    this.#now = until;
  }

  #fire(): void {
    const timer = this.#timers.shift();
    if (!timer) return;
    this.#now = Math.max(this.#now, timer.at);
    timer.run();
  }

  #drive(): void {
    this.#driving = true;
    setImmediate(() => {
      if (this.#waiting > 0) this.#fire();
      if (this.#waiting > 0) this.#drive();
      else this.#driving = false;
    });
  }
}
