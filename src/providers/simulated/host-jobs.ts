/** Jobs of one simulated server. */
import type { Job, JobState } from "../../model/host.ts";
import { folderIn, type Place } from "./host-place.ts";

interface Held {
  since: number;
  output: string;
  began: boolean;
  result: { code: number; timedOut: boolean; cancelled: boolean } | null;
  lost: boolean;
  stopLimit: () => void;
}

const keptOutput = 65_536;

export class Jobs {
  readonly #place: Place;
  readonly #jobs = new Map<string, Held>();

  constructor(place: Place) {
    this.#place = place;
  }

  start({ id, command, env = {}, cwd, timeoutMs }: Job): void {
    if (this.#jobs.has(id)) return;
    const { clock, processes } = this.#place.fleet;
    const job = this.#hold(id, true);
    const print = (text: string): void => {
      job.output += text;
    };
    const folder = folderIn(this.#place, cwd);
    if (folder === null) {
      print(`${cwd}: no such folder\n`);
      job.result = { code: 125, timedOut: false, cancelled: false };
      return;
    }
    const process = processes.start({
      command,
      env,
      folder,
      stdin: "",
      marks: [this.#place.mark, this.#mark(id)],
      print,
    });
    job.stopLimit = clock.after(timeoutMs, () => this.#end(id, { timedOut: true, cancelled: false }));
    void process.ended.then((code) => {
      job.stopLimit();
      if (!job.lost) job.result ??= { code, timedOut: false, cancelled: false };
    });
  }

  state(id: string): JobState {
    const job = this.#jobs.get(id);
    if (!job) return { state: "absent" };
    const output = job.output.slice(-keptOutput);
    if (job.result) return { state: "done", ...job.result, began: job.began, output };
    return job.lost ? { state: "lost", output } : { state: "running", sinceMs: job.since };
  }

  /** An id that never began is taken too. */
  cancel(id: string): void {
    if (!this.#jobs.has(id)) this.#hold(id, false);
    this.#end(id, { timedOut: false, cancelled: true });
  }

  crash(): void {
    for (const job of this.#jobs.values()) {
      job.stopLimit();
      job.lost = job.result === null;
    }
  }

  #hold(id: string, began: boolean): Held {
    const since = this.#place.fleet.clock.now();
    const job: Held = { since, output: "", began, result: null, lost: false, stopLimit: () => {} };
    this.#jobs.set(id, job);
    return job;
  }

  #end(id: string, how: { timedOut: boolean; cancelled: boolean }): void {
    const job = this.#jobs.get(id);
    if (!job || job.result) return;
    job.result = { code: 137, ...how };
    job.stopLimit();
    this.#place.fleet.processes.killMarked(this.#mark(id));
  }

  #mark = (id: string): string => `${this.#place.mark} job ${id}`;
}
