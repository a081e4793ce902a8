/** A simulated server: the host contract in memory, on simulated time. */
import { duplexPair, type Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
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
import { Problem } from "../../model/problem.ts";
import { checkedJob, checkedLease, checkedPath, checkedService } from "../runner/paths.ts";
import type { Fleet, Server } from "./host-fleet.ts";
import { countLines } from "./host-lines.ts";
import { folderIn } from "./host-place.ts";

export const staleToken = (what: string, newest: number): Problem =>
  new Problem("stale-token", {
    what: `refused to change ${what}`,
    why: `a newer control plane (token ${newest}) has acted there`,
    next: "leave it to the newer one: changeover status",
  });

export class SimulatedHost implements Host {
  readonly name: string;
  readonly address: string;
  readonly directory: string;
  readonly #fleet: Fleet;
  readonly #server: Server;
  readonly #token: () => number;

  constructor(fleet: Fleet, server: Server, token: () => number) {
    this.#fleet = fleet;
    this.#server = server;
    this.#token = token;
    this.name = server.record.name;
    this.address = server.record.address;
    this.directory = server.directory;
  }

  async exec(command: string, options: ExecOptions): Promise<ExecResult> {
    const { processes, clock } = this.#fleet;
    const { timeoutMs, stdin = "", env = {}, cwd, reading } = options;
    const { mark, directory } = reading ? this.#there() : this.#change();
    const folder = folderIn({ fleet: this.#fleet, directory, mark }, cwd);
    if (folder === null) return { code: 125, stdout: "", stderr: `${cwd}: no such folder\n` };
    const result: ExecResult = { code: null, stdout: "", stderr: "" };
    const print = (text: string): void => {
      result.stdout += text;
    };
    const mine = `${mark} exec ${Math.random()}`;
    const process = processes.start({ command, env, folder, stdin: String(stdin), marks: [mark, mine], print });
    const stopLimit = clock.after(timeoutMs, () => {
      result.code = 124;
      result.stderr = "changeover: killed after its limit\n";
      processes.killMarked(mine);
    });
    const code = await clock.waitingFor(process.ended);
    stopLimit();
    return { ...result, code: result.code ?? code };
  }

  putFile(path: string, data: string | Buffer): Promise<void> {
    return this.putFiles([{ path, data }]);
  }

  async putFiles(files: FileToPut[]): Promise<void> {
    const all = files.map(({ path, data }) => ({ at: this.#path(path), data: Buffer.from(data) }));
    this.#change();
    for (const { at, data } of all) this.#fleet.files.write(at, data);
  }

  async readFile(path: string): Promise<string | null> {
    const at = this.#path(path);
    this.#there();
    return this.#fleet.files.read(at)?.toString() ?? null;
  }

  async putTree(path: string, tar: Buffer | Stored): Promise<void> {
    const at = this.#path(path);
    this.#change();
    await this.#fleet.files.replaceTree(at, Buffer.isBuffer(tar) ? tar : await buffer(tar.open()));
  }

  async remove(path: string): Promise<void> {
    const at = this.#path(path);
    this.#change();
    this.#fleet.files.remove(at);
  }

  async startJob(job: Job): Promise<void> {
    checkedJob(job.id);
    this.#change().jobs.start(job);
  }

  async jobState(id: string): Promise<JobState> {
    return this.#there().jobs.state(checkedJob(id));
  }

  async cancelJob(id: string): Promise<void> {
    checkedJob(id);
    this.#change().jobs.cancel(id);
  }

  async startService(service: Service): Promise<void> {
    checkedService(service.name);
    this.#change().services.start(service);
  }

  async stopService(name: string, graceMs: number): Promise<void> {
    checkedService(name);
    await this.#change().services.stop(name, graceMs);
  }

  async serviceState(name: string): Promise<ServiceState> {
    return this.#there().services.state(checkedService(name));
  }

  async countLines(log: Log, asked: LinesAsked): Promise<LineCount> {
    const server = this.#there();
    const text =
      "service" in log
        ? server.services.log(checkedService(log.service))
        : (this.#fleet.files.read(this.#path(log.file))?.toString() ?? null);
    return countLines(text, asked);
  }

  async setLease(lease: Lease): Promise<void> {
    checkedLease(lease.name);
    this.#change().leases.set(lease);
  }

  async leaseState(name: string): Promise<LeaseState> {
    return this.#there().leases.state(checkedLease(name));
  }

  async endLease(name: string): Promise<void> {
    checkedLease(name);
    this.#change().leases.end(name);
  }

  async readClock(): Promise<number> {
    this.#there();
    return this.#fleet.clock.now();
  }

  async claim(): Promise<void> {
    this.#change();
  }

  async dial(to: { unix: string } | { host: string; port: number }): Promise<Duplex> {
    const where = "unix" in to ? to.unix : `${to.host}:${to.port}`;
    const listener = this.#fleet.listeners.get(where);
    if (!listener) {
      const text = { what: `nothing answers at ${where}`, why: "nobody listens there", next: "changeover doctor" };
      throw new Problem("unreachable", text);
    }
    const [ours, theirs] = duplexPair();
    listener(theirs);
    return ours;
  }

  #path = (path: string): string => `${this.directory}/${checkedPath(path)}`;

  /** This very server, not a later one of the same name. */
  #there(): Server {
    const { environment, name } = this.#server.record;
    if (this.#fleet.environment(environment).servers.get(name) === this.#server) return this.#server;
    throw new Problem("not-found", { what: `"${name}" is not there`, why: "it is gone", next: "changeover status" });
  }

  #change(): Server {
    const server = this.#there();
    const token = this.#token();
    if (token < server.newestToken) throw staleToken(`"${this.name}"`, server.newestToken);
    server.newestToken = token;
    return server;
  }
}
