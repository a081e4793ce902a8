/** Processes of the simulated machine: registered programs that run on simulated time and can be killed. */
import type { SimulatedClock } from "./clock.ts";
import type { Files } from "./host-files.ts";

export interface ProgramContext {
  args: string[];
  env: Record<string, string>;
  stdin: string;
  /** Absolute folder it was started in. */
  folder: string;
  print(text: string): void;
  sleep(ms: number): Promise<void>;
  /** Relative to the folder, or absolute. */
  readFile(path: string): string | null;
  appendFile(path: string, text: string): void;
  /** Starts another command that goes on without this one. */
  daemon(command: string): void;
  kill(pid: number): void;
  /** From now on only a kill ends it. */
  ignoreTerm(): void;
}

/** Gives its exit code. */
export type Program = (context: ProgramContext) => number | Promise<number>;

/** Simulated hosts can't run shell: a command is the name of a program and its arguments as JSON. */
export const simulatedCommand = (program: string, ...args: string[]): string => `${program} ${JSON.stringify(args)}`;

export interface Start {
  command: string;
  env: Record<string, string>;
  folder: string;
  stdin: string;
  /** What it belongs to; handed on to all it starts. */
  marks: string[];
  print(text: string): void;
}

export interface Process {
  pid: number;
  marks: string[];
  /** Its exit code, 137 when it was killed. */
  ended: Promise<number>;
}

interface Live extends Process {
  ignoresTerm: boolean;
  stop(): void;
}

const killedCode = 137;

export class Processes {
  readonly #live = new Map<number, Live>();
  readonly #programs: Record<string, Program>;
  readonly #clock: SimulatedClock;
  readonly #files: Files;
  #lastPid = 100;

  constructor(programs: Record<string, Program>, clock: SimulatedClock, files: Files) {
    this.#programs = programs;
    this.#clock = clock;
    this.#files = files;
  }

  start(start: Start): Process {
    this.#lastPid += 1;
    const pid = this.#lastPid;
    const killed = new AbortController();
    const ended = Promise.withResolvers<number>();
    const finish = (code: number): void => {
      this.#live.delete(pid);
      ended.resolve(code);
    };
    const process: Live = {
      pid,
      marks: start.marks,
      ended: ended.promise,
      ignoresTerm: false,
      stop: () => {
        killed.abort();
        finish(killedCode);
      },
    };
    this.#live.set(pid, process);
    this.#run(start, process, killed.signal).then(finish, () => finish(killed.signal.aborted ? killedCode : 1));
    return process;
  }

  lives(pid: number): boolean {
    return this.#live.has(pid);
  }

  kill(pid: number): void {
    this.#live.get(pid)?.stop();
  }

  /** Everything that belongs there, daemons too. */
  killMarked(mark: string): void {
    for (const each of this.marked(mark)) each.stop();
  }

  /** As a kill, but asks first: those that ignore it stay. */
  termMarked(mark: string): void {
    for (const each of this.marked(mark)) if (!each.ignoresTerm) each.stop();
  }

  marked(mark: string): Live[] {
    return [...this.#live.values()].filter(({ marks }) => marks.includes(mark));
  }

  async #run(start: Start, process: Live, killed: AbortSignal): Promise<number> {
    const end = start.command.indexOf(" ");
    const name = end < 0 ? start.command : start.command.slice(0, end);
    const program = this.#programs[name];
    if (!program) {
      start.print(`${name}: not found\n`);
      return 127;
    }
    const args = end < 0 ? [] : (JSON.parse(start.command.slice(end)) as string[]);
    return program(this.#context(start, process, args, killed));
  }

  #context(start: Start, process: Live, args: string[], killed: AbortSignal): ProgramContext {
    const at = (path: string): string => (path.startsWith("/") ? path : `${start.folder}/${path}`);
    const { env, stdin, folder, print } = start;
    const alive = <T>(work: () => T): T => {
      killed.throwIfAborted();
      return work();
    };
    return {
      args,
      env,
      stdin,
      folder,
      print: (text) => alive(() => print(text)),
      sleep: (ms) => this.#clock.wake(ms, killed),
      readFile: (path) => alive(() => this.#files.read(at(path))?.toString() ?? null),
      appendFile: (path, text) => alive(() => this.#files.append(at(path), text)),
      daemon: (command) => alive(() => void this.start({ ...start, command, print: () => {} })),
      kill: (pid) => alive(() => this.kill(pid)),
      ignoreTerm: () => {
        process.ignoresTerm = true;
      },
    };
  }
}
