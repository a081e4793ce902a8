/** One request to the runner on the machine: brings it there when it is missing, and turns its refusals into problems. */
import type { Stored } from "../../model/host.ts";
import { Problem } from "../../model/problem.ts";
import { quote } from "./definition.ts";
import { runnerName, runnerScript } from "./script.ts";
import type { Transport, TransportResult } from "./transport.ts";

export interface Request {
  verb: string;
  /** Absolute folder on the machine that the verb is about. */
  folder: string;
  args?: (string | number)[];
  stdin?: Buffer | Stored;
  timeoutMs?: number;
  /** As with a transport. */
  apart?: boolean;
}

const emptyInput = Buffer.alloc(0);
/** Longer than the runner waits for a lock. */
const ordinaryLimitMs = 60_000;
const refusedCode = 113;
const cannotOpenCode = 2;

export class Runner {
  readonly transport: Transport;
  readonly #home: string;
  readonly #token: () => number;

  /** `home` is the folder of all environments. */
  constructor(transport: Transport, home: string, token: () => number) {
    this.transport = transport;
    this.#home = home;
    this.#token = token;
  }

  /** The runner's answer, whatever its code; refusals are thrown. */
  async ask(request: Request): Promise<TransportResult> {
    await this.#bring();
    const token = this.#token();
    if (!Number.isSafeInteger(token)) throw new TypeError(`a fencing token is a whole number, not ${token}`);
    const input = request.stdin ?? emptyInput;
    const bytes = Buffer.isBuffer(input) ? input.length : input.bytes;
    const words = [this.#path(), request.verb, request.folder, token, bytes, ...(request.args ?? [])];
    const line = `sh ${words.map((word) => quote(String(word))).join(" ")}`;
    const { timeoutMs = ordinaryLimitMs, apart = false } = request;
    const send = () => this.transport.exec(line, input, { timeoutMs, apart });
    let result = await send();
    if (result.code === cannotOpenCode && result.stderr.includes(runnerName)) {
      // Somebody emptied the folder since we brought it.
      this.transport.brought.delete(this.#path());
      await this.#bring();
      result = await send();
    }
    if (result.code === refusedCode) throwRefusal(request, result.stderr.toString());
    return result;
  }

  /** The text of an answer that must be there. */
  async text(request: Request): Promise<string> {
    return this.textOf(request, await this.ask(request));
  }

  textOf(request: Request, { code, stdout, stderr }: TransportResult): string {
    if (code === 0) return stdout.toString();
    throw code === null ? unknownOutcome(request) : failed(request, stderr.toString());
  }

  #path = () => `${this.#home}/.changeover/${runnerName}`;

  #bring(): Promise<void> {
    const { brought } = this.transport;
    const path = this.#path();
    const bringing = brought.get(path) ?? this.#install();
    brought.set(path, bringing);
    bringing.catch(() => brought.delete(path));
    return bringing;
  }

  async #install(): Promise<void> {
    const request: Request = { verb: "install", folder: this.#home };
    const path = quote(this.#path());
    const part = quote(`${this.#path()}.${process.pid}-${Math.random().toString(36).slice(2, 10)}`);
    const line =
      `[ -e ${path} ] || { mkdir -p ${quote(`${this.#home}/.changeover`)} && cat >${part}` +
      ` && [ "$(wc -c <${part})" -eq ${runnerScript.length} ] && mv ${part} ${path}; } && command -v flock setsid timeout awk tar >/dev/null || exit 127`;
    const result = await this.transport.exec(line, runnerScript, { timeoutMs: ordinaryLimitMs });
    if (result.code === null) throw unknownOutcome(request);
    if (result.code === 0) return;
    throw new Problem("missing-tool", {
      what: `servers can't be kept in ${this.#home}`,
      why: result.stderr.toString().trim() || "flock, setsid, timeout, awk or tar is missing there",
      next: "install util-linux, coreutils, mawk and tar there, and check that the folder can be written",
    });
  }
}

function throwRefusal(request: Request, stderr: string): void {
  const line = stderr.split("\n").findLast((text) => text.startsWith("changeover refused: "));
  if (!line) return;
  const [kind, ...rest] = line.slice("changeover refused: ".length).split(" ");
  if (kind === "not-found") {
    throw new Problem("not-found", {
      what: `nothing is there for ${about(request)}`,
      why: "it is gone",
      next: "changeover status",
    });
  }
  if (kind === "stale-token") {
    throw new Problem("stale-token", {
      what: `refused ${about(request)}`,
      why: `a newer control plane (token ${rest[0]}) has acted there`,
      next: "leave it to the newer one: changeover status",
    });
  }
  if (kind === "occupied") {
    throw new Problem("refused", {
      what: `refused ${about(request)}`,
      why: `that machine holds ${rest.join(" ")} already, and each server or front end has one to itself`,
      next: "changeover status, then choose another host",
    });
  }
  if (kind === "busy") {
    throw new Problem("timed-out", {
      what: `no turn for ${about(request)}`,
      why: "another change holds the server's lock for too long",
      next: "try again; then changeover doctor",
    });
  }
  throw failed(request, `${rest.join(" ")}\n${stderr.replace(line, "").trim()}`.trim());
}

const about = ({ verb, folder, args = [] }: Request): string =>
  `${verb} ${args[0] ?? ""}`.trim().concat(` in ${folder}`);

const unknownOutcome = (request: Request): Problem =>
  new Problem("outcome-unknown", {
    what: `no answer to ${about(request)}`,
    why: "the connection was lost or the limit passed; it may have happened or not",
    next: "look at the server, then do it again: it is safe to repeat",
  });

const failed = (request: Request, why: string): Problem =>
  new Problem("step-failed", {
    what: `${about(request)} failed`,
    why: why.trim() || "no reason given",
    next: "changeover doctor",
  });
