/** A server reached through the runner: the host contract, the same whatever carries the requests. */
import type { Duplex } from "node:stream";
import type {
  ExecOptions,
  ExecResult,
  FileToPut,
  Host,
  Job,
  JobState,
  Lease,
  LeaseState,
  LineCount,
  LinesAsked,
  Log,
  Service,
  ServiceState,
  Stored,
} from "../../model/host.ts";
import type { ServerRecord } from "../../model/provider.ts";
import { readJobState, readLeaseState, readLineCount, readServiceState } from "./answers.ts";
import { definitionText, hundredths } from "./definition.ts";
import { checkedJob, checkedLease, checkedPath, checkedService } from "./paths.ts";
import type { Request, Runner } from "./runner.ts";
import type { DialTarget, TransportResult } from "./transport.ts";

/** What the machine may take for itself on top of the work's own limit. */
const slackMs = 10_000;
const lapseLimitMs = 60_000;
/** What the runner ends with when the server is there and the file is not. */
const noFileCode = 114;

export class RunnerHost implements Host {
  readonly name: string;
  readonly address: string;
  readonly directory: string;
  readonly #runner: Runner;

  constructor(runner: Runner, record: ServerRecord, directory: string) {
    this.#runner = runner;
    this.name = record.name;
    this.address = record.address;
    this.directory = directory;
  }

  async exec(command: string, options: ExecOptions): Promise<ExecResult> {
    const { env, timeoutMs } = options;
    const definition = definitionText({ command, env, cwd: this.#cwd(options.cwd), timeoutMs });
    const result = await this.#ask({
      verb: "exec",
      args: [definition.length, hundredths(timeoutMs), options.reading ? "look" : "fence"],
      stdin: Buffer.concat([definition, Buffer.from(options.stdin ?? "")]),
      timeoutMs: timeoutMs + slackMs,
      // What only looks leaves nothing behind.
      apart: options.reading !== true,
    });
    return { code: result.code, stdout: result.stdout.toString(), stderr: result.stderr.toString() };
  }

  putFile(path: string, data: string | Buffer, mode = 0o644): Promise<void> {
    return this.putFiles([{ path, data, mode }]);
  }

  async putFiles(files: FileToPut[]): Promise<void> {
    if (files.length === 0) return;
    const all = files.map(({ path, data, mode = 0o644 }) => ({
      path: checkedPath(path),
      data: Buffer.from(data),
      mode: mode.toString(8),
    }));
    if (new Set(all.map(({ path }) => path)).size < all.length) throw new TypeError("one file twice");
    const args = all.flatMap(({ path, mode, data }) => [path, mode, data.length]);
    await this.#text({ verb: "put-files", args, stdin: Buffer.concat(all.map(({ data }) => data)) });
  }

  async readFile(path: string): Promise<string | null> {
    const request = { verb: "read-file", args: [checkedPath(path)] };
    const result = await this.#ask(request);
    return result.code === noFileCode ? null : this.#runner.textOf({ ...request, folder: this.directory }, result);
  }

  async putTree(path: string, tar: Buffer | Stored): Promise<void> {
    const compressed = Buffer.isBuffer(tar) && tar[0] === 0x1f && tar[1] === 0x8b;
    const args = compressed ? [checkedPath(path), "-z"] : [checkedPath(path)];
    await this.#text({ verb: "put-tree", args, stdin: tar, timeoutMs: 300_000 });
  }

  async remove(path: string): Promise<void> {
    await this.#text({ verb: "remove", args: [checkedPath(path)], timeoutMs: 300_000 });
  }

  async startJob({ id, command, env, cwd, timeoutMs }: Job): Promise<void> {
    const stdin = definitionText({ command, env, cwd: this.#cwd(cwd), timeoutMs });
    await this.#text({ verb: "job-start", args: [checkedJob(id), hundredths(timeoutMs)], stdin });
  }

  async jobState(id: string): Promise<JobState> {
    return readJobState(await this.#text({ verb: "job-state", args: [checkedJob(id)] }));
  }

  async cancelJob(id: string): Promise<void> {
    await this.#text({ verb: "job-cancel", args: [checkedJob(id)] });
  }

  async startService({ name, command, env, cwd }: Service): Promise<void> {
    const stdin = definitionText({ command, env, cwd: this.#cwd(cwd) });
    await this.#text({ verb: "service-start", args: [checkedService(name)], stdin, timeoutMs: 180_000 });
  }

  async stopService(name: string, graceMs: number): Promise<void> {
    const args = [checkedService(name), hundredths(graceMs)];
    await this.#text({ verb: "service-stop", args, timeoutMs: graceMs + 120_000 });
  }

  async serviceState(name: string): Promise<ServiceState> {
    return readServiceState(await this.#text({ verb: "service-state", args: [checkedService(name)] }));
  }

  async countLines(log: Log, { pattern, from, bytesMax }: LinesAsked): Promise<LineCount> {
    const [verb, which] =
      "service" in log ? ["service-lines", checkedService(log.service)] : ["file-lines", checkedPath(log.file)];
    const args = [which, from ?? "-", bytesMax, pattern];
    return readLineCount(await this.#text({ verb, args, timeoutMs: 20_000 }));
  }

  async setLease({ name, seconds, onLapse }: Lease): Promise<void> {
    const stdin = definitionText({ command: onLapse, cwd: this.directory, timeoutMs: lapseLimitMs });
    const args = [checkedLease(name), hundredths(seconds * 1000)];
    await this.#text({ verb: "lease-set", args, stdin, timeoutMs: 180_000 });
  }

  async leaseState(name: string): Promise<LeaseState> {
    return readLeaseState(await this.#text({ verb: "lease-state", args: [checkedLease(name)] }));
  }

  async endLease(name: string): Promise<void> {
    await this.#text({ verb: "lease-end", args: [checkedLease(name)], timeoutMs: 180_000 });
  }

  async readClock(): Promise<number> {
    return Number(await this.#text({ verb: "clock" }));
  }

  async claim(): Promise<void> {
    await this.#text({ verb: "claim" });
  }

  dial(to: DialTarget, timeoutMs: number): Promise<Duplex> {
    return this.#runner.transport.dial(to, timeoutMs);
  }

  /** An absolute folder is taken as it is: a command may work anywhere, only files are bound to the directory. */
  #cwd(path: string | undefined): string {
    if (path === undefined || path === "" || path === ".") return this.directory;
    return path.startsWith("/") ? path : `${this.directory}/${path}`;
  }

  #ask = (request: Omit<Request, "folder">): Promise<TransportResult> =>
    this.#runner.ask({ ...request, folder: this.directory });
  #text = (request: Omit<Request, "folder">): Promise<string> =>
    this.#runner.text({ ...request, folder: this.directory });
}
