/** A lab for tests: as many separate hosts as they ask for, in a network that nobody uses, gone when they end. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { cut, down, firstProcess, heal, kill, LabTrouble, start, up, whyNoLab } from "./hosts.ts";
import { addressOf, gatewayOf, pathsOf, type Setting, settingOf } from "./names.ts";

/** In which the servers live on each host. */
export const DIRECTORY = "/srv/changeover";

export interface Lab {
  network: string;
  /** This machine's own address there. */
  gateway: string;
  /** `provider` of an environment file. */
  provider: {
    kind: "ssh";
    hosts: string[];
    port: number;
    user: string;
    identityFile: string;
    knownHosts: string;
    directory: string;
  };
  /** Hosts are counted from 1. */
  address(host: number): string;
  /** Where a path of the host's own disk lies on this machine. */
  onDisk(host: number, path: string): string;
  /** A process on a host, without sshd. */
  spawn(host: number, command: string[]): Promise<ReturnType<typeof spawn>>;
  cut(host: number): Promise<unknown>;
  heal(host: number): Promise<unknown>;
  kill(host: number): Promise<unknown>;
  start(host: number): Promise<unknown>;
  close(): Promise<void>;
}

/** Null when a lab can be made; tests say it where they skip. */
export const labTrouble = whyNoLab;

const FIRST = 77;
const TRIES = 20;

/** Takes the first network that is free; what a test run that was killed left in one is swept away first. */
export async function openLab(count: number): Promise<Lab> {
  let trouble: unknown;
  for (let turn = 0; turn < TRIES; turn++) {
    const setting = settingOf(`10.${FIRST + turn}`);
    if (ownerIsGone(setting) && mayClear(setting)) await down(setting);
    try {
      await up(setting, count, ownerNow());
      return labIn(setting, count);
    } catch (error) {
      trouble = error;
      const taken = error instanceof LabTrouble || (error as NodeJS.ErrnoException).code === "EEXIST";
      if (!taken) await down(setting);
    }
  }
  throw trouble;
}

const labIn = (setting: Setting, count: number): Lab => {
  const { key, knownHosts, host: folderOf } = pathsOf(setting);
  const numbers = Array.from({ length: count }, (_, at) => at + 1);
  return {
    network: setting.network,
    gateway: gatewayOf(setting),
    provider: {
      kind: "ssh",
      hosts: numbers.map((host) => addressOf(setting, host)),
      port: 22,
      user: "root",
      identityFile: key,
      knownHosts,
      directory: DIRECTORY,
    },
    address: (host) => addressOf(setting, host),
    onDisk: (host, path) => join(folderOf(host), "upper", path),
    async spawn(host, command) {
      const pid = await firstProcess(setting, host);
      if (pid === null) throw new Error(`host ${host} is down`);
      return spawn("nsenter", ["--target", String(pid), "--all", "--root", "--wd=/", ...command], { stdio: "pipe" });
    },
    cut: (host) => cut(setting, host),
    heal: (host) => heal(setting, host),
    kill: (host) => kill(setting, host),
    start: (host) => start(setting, host),
    close: () => down(setting),
  };
};

/** Only one of those who see that somebody died clears up behind him: the next may have a lab there by then. */
function mayClear(setting: Setting): boolean {
  const { owner } = pathsOf(setting);
  try {
    renameSync(owner, `${owner}.gone`);
    return true;
  } catch {
    return false;
  }
}

const startOf = (pid: number): string => {
  try {
    return (
      readFileSync(`/proc/${pid}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ")[19] ?? ""
    );
  } catch {
    return "";
  }
};

const ownerNow = (): string => `${process.pid} ${startOf(process.pid)}`;

/** One that a person made has no process for its owner, and stays. */
function ownerIsGone(setting: Setting): boolean {
  const { owner } = pathsOf(setting);
  if (!existsSync(owner)) return false;
  const [pid = "", began = ""] = readFileSync(owner, "utf8").split(" ");
  return /^\d+$/.test(pid) && startOf(Number(pid)) !== began;
}
