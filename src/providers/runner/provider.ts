/** Servers as folders of one machine, launched, found again and retired through the runner. */
import { randomUUID } from "node:crypto";
import type { Host } from "../../model/host.ts";
import { canonical } from "../../model/plan.ts";
import { Problem } from "../../model/problem.ts";
import { besideOf, type Provider, refuseLocked, type ServerRecord, type Survey } from "../../model/provider.ts";
import type { Catalogue } from "../../model/template/catalogue.ts";
import { readCatalogue } from "./catalogue.ts";
import { RunnerHost } from "./host.ts";
import { whatTakes } from "./listeners.ts";
import { checkedEnvironment, checkedServer } from "./paths.ts";
import { Runner } from "./runner.ts";
import type { Transport } from "./transport.ts";

export interface RunnerProviderOptions {
  kind: "local" | "ssh";
  transport: Transport;
  /** Absolute folder on the machine, in which the environments and their servers live. */
  directory: string;
  /** The fencing token, read anew for each request. */
  token: () => number;
  /** The machine holds one server, or a front end's two, and no other of whatever environment. */
  alone?: boolean;
}

const neighbourOf = (record: ServerRecord): string[] => {
  const beside = besideOf(record);
  return beside ? [checkedServer(beside.name)] : [];
};

const fileOf = (record: ServerRecord): Buffer => Buffer.from(`${JSON.stringify(record)}\n`);
const same = (left: ServerRecord, right: ServerRecord): boolean => canonical(left) === canonical(right);

export class RunnerProvider implements Provider {
  readonly kind: "local" | "ssh";
  readonly #runner: Runner;
  readonly #directory: string;
  readonly #alone: boolean;

  constructor({ kind, transport, directory, token, alone }: RunnerProviderOptions) {
    this.kind = kind;
    this.#alone = alone === true;
    this.#directory = directory.replace(/\/+$/, "");
    this.#runner = new Runner(transport, this.#directory, token);
  }

  async list(environment: string): Promise<ServerRecord[]> {
    const text = await this.#runner.text({ verb: "list", folder: this.#folder(environment) });
    return recordsIn(text);
  }

  async survey(environment: string): Promise<Survey> {
    return { records: await this.list(environment), silent: [], foreign: [] };
  }

  async find(environment: string, name: string): Promise<ServerRecord | null> {
    return (await this.list(environment)).find((record) => record.name === name) ?? null;
  }

  async records(environment: string, names: readonly string[]): Promise<ServerRecord[]> {
    return (await this.list(environment)).filter(({ name }) => names.includes(name));
  }

  /** Of every environment that lives on this machine. */
  async held(): Promise<ServerRecord[]> {
    return recordsIn(await this.#runner.text({ verb: "held", folder: this.#directory }));
  }

  /** Shuts out every older control plane that would launch, relabel or retire anything of the environment here. */
  async claimEnvironment(environment: string): Promise<void> {
    await this.#runner.text({ verb: "claim-environment", folder: this.#folder(environment) });
  }

  async launch(record: ServerRecord): Promise<Host> {
    const folder = this.#folder(record.environment);
    const args = [checkedServer(record.name), randomUUID(), ...(this.#alone ? ["alone", ...neighbourOf(record)] : [])];
    const text = await this.#runner.text({ verb: "launch", folder, args, stdin: fileOf(record) });
    // The record it was launched with, and what became of it by relabelling: both are this server.
    const [launched, now] = recordsIn(text);
    if (launched && now && (same(record, launched) || same(record, now))) return this.#host(now);
    throw existsAlready(record, now);
  }

  async open(environment: string, name: string): Promise<Host> {
    return this.#host(await this.#record(environment, name));
  }

  hostOf(record: ServerRecord): Host {
    return this.#host(record);
  }

  async relabel(environment: string, name: string, labels: Record<string, string>): Promise<void> {
    await this.relabelRecord(await this.#record(environment, name), labels);
  }

  /** Of one that was looked at just now. */
  async relabelRecord(record: ServerRecord, labels: Record<string, string>): Promise<void> {
    const folder = this.#folder(record.environment);
    const stdin = fileOf({ ...record, labels });
    await this.#runner.text({ verb: "relabel", folder, args: [checkedServer(record.name)], stdin });
  }

  async retire(environment: string, name: string): Promise<void> {
    const folder = this.#folder(environment);
    refuseLocked((await this.find(environment, name)) ?? undefined);
    try {
      await this.#runner.text({ verb: "retire", folder, args: [checkedServer(name)], timeoutMs: 180_000 });
    } catch (error) {
      // Somebody else was retiring it at the same time.
      if (!(error instanceof Problem && error.kind === "not-found")) throw error;
    }
  }

  addressTaken(address: string, ports: number[]): Promise<string | null> {
    const ask = (verb: string, args: string[]) => this.#runner.text({ verb, folder: "/", args });
    return whatTakes(ask, address, ports);
  }

  catalogue(): Promise<Catalogue> {
    return readCatalogue(this.#runner.transport, this.#directory);
  }

  close(): Promise<void> {
    return this.#runner.transport.close();
  }

  async #record(environment: string, name: string): Promise<ServerRecord> {
    const folder = this.#folder(environment);
    try {
      const text = await this.#runner.text({ verb: "open", folder, args: [checkedServer(name)] });
      return JSON.parse(text) as ServerRecord;
    } catch (error) {
      if (!(error instanceof Problem && error.kind === "not-found")) throw error;
      throw new Problem("not-found", {
        what: `there is no server "${name}" in "${environment}"`,
        why: `nothing is in ${folder}/${name}`,
        next: "changeover status",
      });
    }
  }

  #folder = (environment: string): string => `${this.#directory}/${checkedEnvironment(environment)}`;
  #host = (record: ServerRecord): Host =>
    new RunnerHost(this.#runner, record, `${this.#folder(record.environment)}/${record.name}`);
}

export const existsAlready = (wanted: ServerRecord, there: ServerRecord | undefined): Problem =>
  new Problem("refused", {
    what: `"${wanted.name}" exists already in "${wanted.environment}"`,
    why: `it is another server: ${JSON.stringify(there)}`,
    next: "retire it first, or take another name",
  });

const recordsIn = (text: string): ServerRecord[] =>
  text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line) as ServerRecord);
