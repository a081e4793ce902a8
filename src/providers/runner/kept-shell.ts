/** Shells on a host that are kept for many short commands: beginning one for each costs more than most of them do. */
import { randomBytes } from "node:crypto";
import type { Readable, Writable } from "node:stream";
import type { Stored } from "../../model/host.ts";
import { Collected } from "./collected.ts";
import { quote } from "./definition.ts";
import type { TransportResult } from "./transport.ts";

/**
 * A line is a mark and a command, which runs apart from the loop; what it prints comes as it is and ends with the mark.
 * Never as an argument: every process list shows those.
 */
const LOOP =
  'while read -r mark command; do (eval "$command") </dev/null; code=$?;' +
  ' printf "\\n%s %s\\n" "$mark" "$code"; printf "\\n%s\\n" "$mark" >&2; done';
export const KEPT_SHELL = `exec sh -c ${quote(LOOP)}`;

/** A shell that runs KEPT_SHELL. */
export interface Pipes {
  input: Writable;
  output: Readable;
  errors: Readable;
  /** Called when it is gone. */
  whenGone(told: () => void): void;
  end(): void;
}

/** A shell reads a line byte by byte: from here on a session of its own is quicker. */
const LINE_MOST = 12_000;
/** Behind a mark there is an exit code at most. */
const LINE_REST = 16;

/** The same as one line; null where that would be too long. */
export function asLine(command: string, input: Buffer): string | null {
  if (command.includes("\n") || input.length > LINE_MOST) return null;
  const line = input.length === 0 ? command : `echo ${input.toString("base64")} | base64 -d | { ${command}; }`;
  return line.length > LINE_MOST ? null : line;
}

/** Runs one command at a time; whoever finds it busy takes a session of its own. */
export class KeptShell {
  readonly #pipes: Pipes;
  readonly #onGone = new Set<() => void>();
  #busy = false;
  #closed = false;

  constructor(pipes: Pipes) {
    this.#pipes = pipes;
    const gone = (): void => {
      this.#closed = true;
      for (const told of this.#onGone) told();
    };
    for (const stream of [pipes.input, pipes.output, pipes.errors]) stream.on("error", gone);
    pipes.whenGone(gone);
  }

  get isFree(): boolean {
    return !this.#busy && !this.#closed;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** With code null nobody knows what came of it, and the shell is not used again. */
  async run(line: string, timeoutMs: number): Promise<TransportResult> {
    const { input, output, errors } = this.#pipes;
    const mark = randomBytes(16).toString("hex");
    const [stdout, stderr] = [new Marked(mark), new Marked(mark)];
    this.#busy = true;
    const ended = await new Promise<boolean>((resolve) => {
      const hear = (which: Marked) => (data: Buffer) => {
        which.add(data);
        if (stdout.after !== null && stderr.after !== null) done(true);
      };
      const [onOutput, onErrors, onGone] = [hear(stdout), hear(stderr), () => done(false)];
      const timer = setTimeout(onGone, timeoutMs);
      const done = (whole: boolean): void => {
        clearTimeout(timer);
        output.off("data", onOutput);
        errors.off("data", onErrors);
        this.#onGone.delete(onGone);
        resolve(whole);
      };
      output.on("data", onOutput);
      errors.on("data", onErrors);
      this.#onGone.add(onGone);
      input.write(`${mark} ${line}\n`);
    });
    this.#busy = false;
    if (!ended) {
      this.#closed = true;
      this.#pipes.end();
    }
    return { code: ended ? Number(stdout.after) : null, stdout: stdout.before(), stderr: stderr.before() };
  }
}

/** At most so many of them, each begun in the background when all others are busy. */
export class KeptShells {
  readonly #most: number;
  readonly #open: () => Promise<Pipes>;
  #shells: KeptShell[] = [];
  #opening = false;

  constructor(most: number, open: () => Promise<Pipes>) {
    this.#most = most;
    this.#open = open;
  }

  /** Null when the command is too long for a line, or no shell is free: it wants a session of its own. */
  run(command: string, stdin: Buffer | Stored, timeoutMs: number): Promise<TransportResult> | null {
    const line = Buffer.isBuffer(stdin) ? asLine(command, stdin) : null;
    if (line === null) return null;
    this.#shells = this.#shells.filter(({ isClosed }) => !isClosed);
    const free = this.#shells.find(({ isFree }) => isFree);
    if (free) return free.run(line, timeoutMs);
    if (this.#shells.length < this.#most && !this.#opening) void this.#begin();
    return null;
  }

  async #begin(): Promise<void> {
    this.#opening = true;
    try {
      this.#shells.push(new KeptShell(await this.#open()));
    } catch {
      // Whoever asks next tries again; until then there are sessions.
    } finally {
      this.#opening = false;
    }
  }
}

/** What comes before a mark, and what stands behind it on its line. */
class Marked {
  readonly #mark: string;
  readonly #all = new Collected();
  /** Long enough for a mark that comes in two pieces. */
  #tail = "";

  constructor(mark: string) {
    this.#mark = `\n${mark}`;
  }

  add(data: Buffer): void {
    this.#all.add(data);
    this.#tail = (this.#tail + data.toString("latin1")).slice(-this.#mark.length - LINE_REST);
  }

  /** Null until the whole line is there. */
  get after(): string | null {
    const at = this.#tail.lastIndexOf(this.#mark);
    return at >= 0 && this.#tail.endsWith("\n") ? this.#tail.slice(at + this.#mark.length).trim() : null;
  }

  before(): Buffer {
    const all = this.#all.whole();
    const at = all.lastIndexOf(this.#mark);
    return at < 0 ? all : all.subarray(0, at);
  }
}
