/** What the host contract needs of a world to be run in: a provider, a clock, programs, and a hand to break things. */
import type { Clock } from "../../../src/model/clock.ts";
import { waitFor } from "../../../src/model/clock.ts";
import type { Host, JobState } from "../../../src/model/host.ts";
import { Problem } from "../../../src/model/problem.ts";
import type { Provider, ServerRecord } from "../../../src/model/provider.ts";

/** Commands that do the same everywhere: shell on real hosts, registered programs on simulated ones. */
export interface Programs {
  say(text: string): string;
  sayThenExit(text: string, code: number): string;
  sleep(ms: number): string;
  copyInput(): string;
  printVariable(name: string): string;
  printFolder(): string;
  append(path: string, text: string): string;
  /** Appends "begun", sleeps, appends "ended". */
  appendSlowly(path: string, ms: number): string;
  /** Stays, and leaves a daemon in a session of its own that appends a line every 20 ms until it is killed. */
  beatBehind(path: string): string;
  /** Prints so many bytes, then "end". */
  flood(bytes: number): string;
  kill(pid: number): string;
  /** Appends a line every 20 ms and does not hear TERM. */
  deaf(path: string): string;
}

export interface HostWorld {
  clock: Clock;
  programs: Programs;
  /** For the next server; where each has a host of its own, another one at each look. */
  readonly address: string;
  /** A file of the machine a host is on that belongs to no server, and the lines in it. */
  outside(host: Host, name: string): { path: string; lines(): string[] };
  /** A control plane that has this token; all of them see the same servers. */
  provider(token?: number): Provider;
  /** Everything on the server dies at once, as when the machine is restarted. */
  crash(host: Host): Promise<void>;
  /** Whoever stops a service there dies while it waits for the service's end; the service itself is not touched. */
  loseStoppers(host: Host): Promise<void>;
  /** Echoes what it is sent, until the world is closed. */
  echo(at: { host: string; port: number } | { unix: string }): Promise<void>;
  /** After each test; those with few hosts empty them. */
  rest?(): Promise<void>;
  close(): Promise<void>;
}

export type Setting = () => HostWorld;

export const record = (world: HostWorld, over: Partial<ServerRecord> = {}): ServerRecord => ({
  environment: "live",
  name: "web-1",
  kind: "application",
  address: world.address,
  labels: { slot: "a" },
  ...over,
});

let names = 0;
/** A server of its own for one test. */
export function launch(world: HostWorld, token = 1, environment = "live"): Promise<Host> {
  names += 1;
  return world.provider(token).launch(record(world, { name: `web-${names}`, environment }));
}

export const exec = (host: Host, command: string) => host.exec(command, { timeoutMs: 10_000 });

/** The kind of problem it ends in; "none" when it ends in none. */
export async function problemOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "none";
  } catch (error) {
    if (error instanceof Problem) return error.kind;
    throw error;
  }
}

export async function eventually<T>(
  world: Pick<HostWorld, "clock">,
  look: () => Promise<T | null | false | undefined>,
): Promise<T> {
  const seen = await waitFor(world.clock, { withinMs: 20_000, everyMs: 20 }, look);
  if (seen === null) throw new Error("it never came");
  return seen;
}

export const finished = (world: HostWorld, host: Host, id: string): Promise<JobState> =>
  eventually(world, async () => {
    const seen = await host.jobState(id);
    return seen.state === "running" ? null : seen;
  });

export const linesOf = async (host: Host, path: string): Promise<string[]> =>
  linesIn((await host.readFile(path)) ?? "");

/** True when the daemon of `beatBehind` writes; false when a good while brings no line. */
export async function beats(world: HostWorld, host: Host, path: string): Promise<boolean> {
  const before = (await linesOf(host, path)).length;
  for (let look = 0; look < 10; look += 1) {
    await world.clock.sleep(30);
    if ((await linesOf(host, path)).length > before) return true;
  }
  return false;
}

export const beating = (world: HostWorld, host: Host, path: string): Promise<true> =>
  eventually(world, async () => (await linesOf(host, path)).length > 1);

export const linesIn = (text: string): string[] => text.split("\n").filter(Boolean);
