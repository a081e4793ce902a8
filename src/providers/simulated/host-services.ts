/** Services of one simulated server: started again when they die, by the same rules as on real hosts. */
import type { Service, ServiceState } from "../../model/host.ts";
import { canonical } from "../../model/plan.ts";
import { Problem } from "../../model/problem.ts";
import { folderIn, type Place } from "./host-place.ts";
import type { Process } from "./host-processes.ts";

interface Held {
  service: Service;
  /** Set anew by each start; a supervisor that finds another one here has been replaced. */
  supervisor: symbol | null;
  stopped: boolean;
  process: Process | null;
  begunAt: number;
  restarts: number;
  /** How many times in a row it died within two seconds. */
  short: number;
}

const shortMs = 2_000;
const pauseMs = (short: number): number => Math.min(2_000, 100 * 2 ** Math.max(0, short - 1));

export class Services {
  readonly #place: Place;
  readonly #services = new Map<string, Held>();
  readonly #logs = new Map<string, string>();
  readonly #stopping = new Set<AbortController>();

  constructor(place: Place) {
    this.#place = place;
  }

  start(service: Service): void {
    const before = this.#services.get(service.name);
    if (before?.supervisor && canonical(before.service) === canonical(service)) return;
    this.#end(service.name);
    const supervisor = Symbol(service.name);
    const held = { service, supervisor, stopped: false, process: null, begunAt: 0, restarts: 0, short: 0 };
    this.#services.set(service.name, held);
    this.#run(held);
  }

  async stop(name: string, graceMs: number): Promise<void> {
    const held = this.#services.get(name);
    if (!held) return;
    held.stopped = true;
    held.supervisor = null;
    const { processes } = this.#place.fleet;
    processes.termMarked(this.#mark(name));
    const left = processes.marked(this.#mark(name));
    if (left.length === 0) return;
    await this.#grace(graceMs, Promise.all(left.map(({ ended }) => ended)));
    // Somebody may have started it anew meanwhile.
    if (this.#services.get(name) === held && held.stopped) this.#end(name);
  }

  /** Whoever stops something here dies, and what is in its grace goes on. */
  loseStoppers(): void {
    const why = "whoever stopped it died in its grace";
    const next = "do it again: it is safe to repeat";
    for (const each of this.#stopping) {
      each.abort(new Problem("outcome-unknown", { what: "no answer to stopping a service", why, next }));
    }
  }

  state(name: string): ServiceState {
    const held = this.#services.get(name);
    if (!held) return { state: "absent", pid: null, restarts: 0, tail: "" };
    const facts = { restarts: held.restarts, tail: (this.#logs.get(name) ?? "").slice(-8_192) };
    const { clock, processes } = this.#place.fleet;
    if (held.stopped) {
      const left = processes.marked(this.#mark(name)).map(({ pid }) => pid);
      if (left.length === 0) return { state: "stopped", pid: null, ...facts };
      const tail = `${facts.tail}\nchangeover: asked to stop, but still alive: ${left.join(" ")}\n`;
      return { state: "failing", pid: null, ...facts, tail };
    }
    const proving = held.short > 0 && clock.now() - held.begunAt < shortMs;
    const lives = held.supervisor !== null && held.process !== null && processes.lives(held.process.pid);
    if (!lives || proving || !held.process) return { state: "failing", pid: null, ...facts };
    return { state: "running", pid: held.process.pid, ...facts };
  }

  /** All that it printed; null when it never printed anything. */
  log(name: string): string | null {
    return this.#logs.get(name) ?? null;
  }

  crash(): void {
    for (const held of this.#services.values()) held.supervisor = null;
  }

  #run(held: Held): void {
    const { clock, processes } = this.#place.fleet;
    const { name, command, env = {}, cwd } = held.service;
    const print = (text: string): void => {
      this.#logs.set(name, `${this.#logs.get(name) ?? ""}${text}`.slice(-1_000_000));
    };
    const folder = folderIn(this.#place, cwd);
    const marks = [this.#place.mark, this.#mark(name)];
    if (folder === null) print(`${cwd}: no such folder\n`);
    held.process = folder === null ? null : processes.start({ command, env, folder, stdin: "", marks, print });
    held.begunAt = clock.now();
    const me = held.supervisor;
    void (held.process?.ended ?? Promise.resolve(125)).then(() => {
      if (held.supervisor !== me || me === null) return;
      held.short = clock.now() - held.begunAt < shortMs ? held.short + 1 : 0;
      clock.after(pauseMs(held.short), () => {
        if (held.supervisor !== me) return;
        held.restarts += 1;
        this.#run(held);
      });
    });
  }

  async #grace(graceMs: number, ended: Promise<unknown>): Promise<void> {
    const { clock } = this.#place.fleet;
    const stopper = new AbortController();
    this.#stopping.add(stopper);
    await clock.waitingFor(Promise.race([ended, clock.wake(graceMs, stopper.signal)])).finally(() => {
      this.#stopping.delete(stopper);
      stopper.abort();
    });
  }

  #end(name: string): void {
    const held = this.#services.get(name);
    if (held) held.supervisor = null;
    this.#place.fleet.processes.killMarked(this.#mark(name));
  }

  #mark = (name: string): string => `${this.#place.mark} service ${name}`;
}
