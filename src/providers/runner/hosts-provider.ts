/** Servers with a host of their own each, or two that are one front end: every host is asked what it holds, and one that is silent is never taken for empty. */
import type { Host } from "../../model/host.ts";
import { asProblem, Problem } from "../../model/problem.ts";
import {
  incomplete,
  type Provider,
  type ServerName,
  type ServerRecord,
  type Silent,
  type Survey,
} from "../../model/provider.ts";
import type { Catalogue } from "../../model/template/catalogue.ts";
import { commonOf } from "./catalogue.ts";
import { checkedServer } from "./paths.ts";
import { existsAlready, RunnerProvider } from "./provider.ts";
import { sharedLook } from "./shared-look.ts";
import type { Transport } from "./transport.ts";
import { Turns } from "./turns.ts";

export interface HostsProviderOptions {
  /** Addresses of the hosts; a server has the address of its host. */
  hosts: readonly string[];
  /** How one of them is reached, and the absolute folder there in which servers live. */
  reach(address: string): { transport: Transport; directory: string };
  /** The fencing token, read anew for each request. */
  token: () => number;
  /** For one host to say what it holds; then it is silent. */
  lookMs?: number;
}

const askedAtOnce = 64;
const lookLimitMs = 4_000;
const away = ["unreachable", "outcome-unknown", "timed-out", "refused"];

type Look = { address: string; held: ServerRecord[] } | Silent;

export class HostsProvider implements Provider {
  readonly kind = "ssh";
  readonly #machines: ReadonlyMap<string, RunnerProvider>;
  readonly #turns = new Turns(askedAtOnce);
  readonly #lookMs: number;
  /** Where a name was seen last: asked first, and believed only when it says so again. */
  readonly #seen = new Map<string, ServerRecord>();
  /** Servers that are launched side by side each look for their name everywhere. */
  readonly #lookAround: () => Promise<Look[]>;
  /** Environments of which every host has seen our token. */
  readonly #claimed = new Set<string>();

  constructor({ hosts, reach, token, lookMs = lookLimitMs }: HostsProviderOptions) {
    this.#lookMs = lookMs;
    this.#lookAround = sharedLook(() => this.#each((machine, address) => look(machine, address, lookMs)));
    this.#machines = new Map(
      hosts.map((address) => [address, new RunnerProvider({ kind: "ssh", ...reach(address), token, alone: true })]),
    );
  }

  async survey(environment: string): Promise<Survey> {
    const looks = await this.#lookAround();
    const held = looks.flatMap((one) => ("held" in one ? one.held : []));
    for (const record of held) this.#seen.set(`${record.environment}/${record.name}`, record);
    return {
      records: held.filter((record) => record.environment === environment),
      silent: looks.flatMap((one) => ("held" in one ? [] : [one])),
      foreign: looks
        .filter((one) => "held" in one && one.held.some((record) => record.environment !== environment))
        .map(({ address }) => address),
    };
  }

  /** What every one of them that answers can be: a server may get any. */
  async catalogue(): Promise<Catalogue> {
    const seen = await this.#each((machine) => within(this.#lookMs, machine.catalogue()).catch(asProblem));
    const known = seen.flatMap((one) => (one instanceof Problem ? [] : [one]));
    if (known.length > 0) return commonOf(known);
    throw seen.find((one) => one instanceof Problem) ?? new Error("no host at all");
  }

  async list(environment: string): Promise<ServerRecord[]> {
    const { records, silent } = await this.survey(environment);
    if (silent.length > 0) throw incomplete(environment, silent);
    return records;
  }

  async find(environment: string, name: string): Promise<ServerRecord | null> {
    const again = await this.#findAgain(environment, name);
    if (again) return again;
    const { records, silent } = await this.survey(environment);
    const found = records.find((record) => record.name === name);
    if (!found && silent.length > 0) throw incomplete(environment, silent);
    return found ?? null;
  }

  async records(environment: string, names: readonly string[]): Promise<ServerRecord[]> {
    const again = await Promise.all(names.map((name) => this.#findAgain(environment, name)));
    const found = again.filter((record) => record !== null);
    if (found.length === names.length) return found;
    return (await this.list(environment)).filter(({ name }) => names.includes(name));
  }

  /** Where it was seen last; null when it is not there any more. */
  async #findAgain(environment: string, name: string): Promise<ServerRecord | null> {
    const last = this.#machines.get(this.#seen.get(`${environment}/${name}`)?.address ?? "");
    return last ? within(this.#lookMs, last.find(environment, name)).catch(() => null) : null;
  }

  /**
   * Claimed first and looked at afterwards, everywhere: whoever launched the same name before is seen, and whoever is
   * older and would do it later is refused.
   */
  async launch(record: ServerRecord): Promise<Host> {
    const { environment, name, address } = record;
    const machine = this.#machine(record);
    await this.#claim(environment);
    const { records, silent } = await this.survey(environment);
    const there = records.find((one) => one.name === name);
    if (there && there.address !== address) throw existsAlready(record, there);
    if (!there && silent.length > 0) throw incomplete(environment, silent);
    return machine.launch(record);
  }

  async open(environment: string, name: string): Promise<Host> {
    return this.hostOf(await this.#mustFind(environment, name));
  }

  hostOf(record: ServerRecord): Host {
    return this.#machine(record).hostOf(record);
  }

  /** Only labels ever change, so what was seen of it says what else it is; a host that does not hold it any more refuses. */
  async relabel(environment: string, name: string, labels: Record<string, string>): Promise<void> {
    const put = (record: ServerRecord) => this.#machine(record).relabelRecord(record, labels);
    const seen = this.#seen.get(`${environment}/${name}`);
    if (seen && (await put(seen).then(() => true, isNotThere))) return;
    await put(await this.#mustFind(environment, name));
  }

  /** Where it is not listed any more, an earlier try may have left its remains on any of the hosts. */
  async retire(environment: string, name: string): Promise<void> {
    const found = await this.find(environment, checkedServer(name));
    if (found) return this.#machine(found).retire(environment, name);
    await this.#each((machine) => machine.retire(environment, name));
  }

  async addressTaken(address: string, ports: number[], beside: ServerName | null = null): Promise<string | null> {
    const machine = this.#machines.get(address);
    if (!machine) return `${address} is not among provider.hosts`;
    const held = (await machine.held()).find((one) => !isSame(one, beside));
    return held ? `it holds "${held.name}" of "${held.environment}"` : machine.addressTaken(address, ports);
  }

  async close(): Promise<void> {
    await this.#each((machine) => machine.close());
  }

  /** Those that are away are claimed as well as it goes: nothing is launched until they answer. */
  async #claim(environment: string): Promise<void> {
    if (this.#claimed.has(environment)) return;
    const missed = await this.#each(async (machine) => {
      const claimed = await within(this.#lookMs, machine.claimEnvironment(environment)).then(
        () => null,
        (error: unknown) => error,
      );
      if (claimed !== null && !isAway(claimed)) throw claimed;
      return claimed;
    });
    if (missed.every((one) => one === null)) this.#claimed.add(environment);
  }

  async #mustFind(environment: string, name: string): Promise<ServerRecord> {
    const found = await this.find(environment, checkedServer(name));
    if (found) return found;
    throw new Problem("not-found", {
      what: `there is no server "${name}" in "${environment}"`,
      why: "none of its hosts holds it",
      next: "changeover status",
    });
  }

  #machine({ name, address }: ServerRecord): RunnerProvider {
    const machine = this.#machines.get(address);
    if (machine) return machine;
    throw new Problem("refused", {
      what: `"${name}" can't be at ${address}`,
      why: `it is not among provider.hosts: ${[...this.#machines.keys()].join(", ")}`,
      next: "add it in the environment file, then: changeover up environment.yaml",
    });
  }

  #each = <T>(work: (machine: RunnerProvider, address: string) => Promise<T>): Promise<T[]> =>
    Promise.all([...this.#machines].map(([address, machine]) => this.#turns.run(() => work(machine, address))));
}

/** Asked once more when the answer got lost: a connection that was kept may have died since it was used last. */
async function look(machine: RunnerProvider, address: string, lookMs: number): Promise<Look> {
  const held = async () =>
    machine.held().catch((error: unknown) => (isLost(error) ? machine.held() : Promise.reject(error)));
  try {
    return { address, held: await within(lookMs, held()) };
  } catch (error) {
    if (!isAway(error)) throw error;
    return { address, why: asProblem(error).text.why };
  }
}

const isSame = ({ environment, name }: ServerName, other: ServerName | null): boolean =>
  other !== null && environment === other.environment && name === other.name;

/** False then, and else the failure is one. */
function isNotThere(error: unknown): false {
  if (error instanceof Problem && error.kind === "not-found") return false;
  throw error;
}

const isLost = (error: unknown): boolean => error instanceof Problem && error.kind === "outcome-unknown";
/** Also a host that shows a wrong key: what answers there is not that host. */
const isAway = (error: unknown): boolean => error instanceof Problem && away.includes(error.kind);

/** What comes later is nobody's any more. */
function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(tooLate(limitMs)), limitMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

const tooLate = (limitMs: number): Problem =>
  new Problem("unreachable", {
    what: "a host does not answer",
    why: `no answer within ${limitMs / 1000} s`,
    next: "changeover status",
  });
