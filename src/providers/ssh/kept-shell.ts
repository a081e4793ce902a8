/** One shell on a host that is kept for many short commands: beginning a session for each costs more than most of them do. */
import { randomBytes } from "node:crypto";
import type { ClientChannel } from "ssh2";
import { Collected } from "../runner/collected.ts";
import { quote } from "../runner/definition.ts";
import type { TransportResult } from "../runner/transport.ts";

/**
 * A line is a mark and a command, which runs apart from the loop; what it prints comes as it is and ends with the mark.
 * Never as an argument: every process list shows those.
 */
const LOOP =
  'while read -r mark command; do (eval "$command") </dev/null; code=$?;' +
  ' printf "\\n%s %s\\n" "$mark" "$code"; printf "\\n%s\\n" "$mark" >&2; done';
export const KEPT_SHELL = `exec sh -c ${quote(LOOP)}`;

/** A shell reads a line byte by byte. */
const LINE_MOST = 4_000;
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
  readonly #channel: ClientChannel;
  #busy = false;
  #closed = false;

  constructor(channel: ClientChannel) {
    this.#channel = channel;
    channel.on("error", () => {});
    channel.once("close", () => {
      this.#closed = true;
    });
  }

  get isFree(): boolean {
    return !this.#busy && !this.#closed;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** With code null nobody knows what came of it, and the shell is not used again. */
  async run(line: string, timeoutMs: number): Promise<TransportResult> {
    const channel = this.#channel;
    const mark = randomBytes(16).toString("hex");
    const [stdout, stderr] = [new Marked(mark), new Marked(mark)];
    this.#busy = true;
    const ended = await new Promise<boolean>((resolve) => {
      const hear = (which: Marked) => (data: Buffer) => {
        which.add(data);
        if (stdout.after !== null && stderr.after !== null) done(true);
      };
      const [onOutput, onErrors, onClose] = [hear(stdout), hear(stderr), () => done(false)];
      const timer = setTimeout(onClose, timeoutMs);
      const done = (whole: boolean): void => {
        clearTimeout(timer);
        channel.off("data", onOutput).off("close", onClose).stderr.off("data", onErrors);
        resolve(whole);
      };
      channel.on("data", onOutput).once("close", onClose).stderr.on("data", onErrors);
      channel.write(`${mark} ${line}\n`);
    });
    this.#busy = false;
    if (!ended) {
      this.#closed = true;
      channel.close();
    }
    return { code: ended ? Number(stdout.after) : null, stdout: stdout.before(), stderr: stderr.before() };
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
