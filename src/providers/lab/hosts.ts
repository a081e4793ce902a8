/** Makes the hosts of a lab, breaks them, and takes all of it away again, whatever state it is in. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { batch, end, inNamespace, isFirst, links, marked, namespaces, routes, run, runWithin } from "./kernel.ts";
import {
  addressOf,
  bridgeOf,
  gatewayOf,
  hardwareOf,
  markOf,
  MOST_HOSTS,
  partOf,
  pathsOf,
  type Setting,
} from "./names.ts";

const MACHINE = join(import.meta.dirname, "machine.sh");
const ANSWER_MS = 15_000;
/** For taking away what the hosts wrote. */
const DISKS_MS = 120_000;

/** Something a person has to do first. */
export class LabTrouble extends Error {}

/** Why no lab can be made on this machine; null when it can. */
export function whyNoLab(): string | null {
  if (process.platform !== "linux") return "hosts of a lab are namespaces of Linux";
  if (process.getuid?.() !== 0 || !mayAll()) return "only root may make namespaces, links and mounts";
  const folders = (process.env.PATH ?? "").split(":").concat("/usr/sbin", "/sbin");
  const missing = ["ip", "unshare", "nsenter", "mount", "sshd", "ssh-keygen", "arping", "nft"].filter((program) =>
    folders.every((folder) => !existsSync(join(folder, program))),
  );
  if (missing.length === 0) return null;
  return `${missing.join(", ")} missing: apt-get install iproute2 util-linux openssh-server iputils-arping nftables`;
}

const NEEDED = [12n, 21n];

/** Root of a container often lacks what it takes: to administer networks (12), to mount (21). */
function mayAll(): boolean {
  const held = BigInt(`0x${/^CapEff:\s*(\w+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0"}`);
  return NEEDED.every((capability) => (held & (1n << capability)) !== 0n);
}

/** The folder is made first: whoever made it has the network. */
export async function up(setting: Setting, count: number, owner: string): Promise<void> {
  const why = whyNoLab();
  if (why !== null) throw new LabTrouble(why);
  if (!(count >= 1 && count <= MOST_HOSTS)) throw new LabTrouble(`a lab has 1 to ${MOST_HOSTS} hosts`);
  await mustBeFree(setting);
  const { folder } = setting;
  mkdirSync(folder, { mode: 0o755 });
  writeFileSync(pathsOf(setting).owner, owner);
  const [bridge, gateway] = [bridgeOf(setting), gatewayOf(setting)];
  await batch([`link add ${bridge} type bridge`, `addr add ${gateway}/16 dev ${bridge}`, `link set ${bridge} up`]);
  const numbers = Array.from({ length: count }, (_, at) => at + 1);
  await makeKeys(setting, numbers);
  await start(setting, ...numbers);
}

async function mustBeFree(setting: Setting): Promise<void> {
  const there = existsSync(setting.folder) || (await links()).some(({ ifname }) => ifname === bridgeOf(setting));
  if (there) throw new LabTrouble(`there is a lab in ${setting.network}: npm run lab -- down`);
  const meets = (await routes()).find(({ dst }) => overlaps(dst, setting.network));
  if (!meets) return;
  throw new LabTrouble(`this machine uses ${meets.dst} (${meets.dev ?? "a route"}): choose another one with --network`);
}

/** By whole octets of the shorter one; a default route leads everywhere and is in nobody's way. */
export function overlaps(route: string, network: string): boolean {
  const [address = "", bits = "32"] = route.split("/");
  const octets = Math.min(2, Math.floor(Number(bits) / 8));
  if (route === "default" || octets === 0 || !/^[\d.]+$/.test(address)) return false;
  return address.split(".").slice(0, octets).join(".") === network.split(".").slice(0, octets).join(".");
}

async function makeKeys(setting: Setting, hosts: number[]): Promise<void> {
  const { key, knownHosts, host } = pathsOf(setting);
  for (const number of hosts) mkdirSync(host(number), { recursive: true });
  const make = (path: string, comment: string) =>
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path);
  await Promise.all([
    make(key, "lab"),
    ...hosts.map((number) => make(join(host(number), "host_key"), `lab ${number}`)),
  ]);
  const lines = hosts.map((number) => {
    const [type, value] = readFileSync(join(host(number), "host_key.pub"), "utf8").split(" ");
    return `${addressOf(setting, number)} ${type} ${value}\n`;
  });
  writeFileSync(knownHosts, lines.join(""));
}

/** Hosts that are new or were killed; what they had on their disks is there again. */
export async function start(setting: Setting, ...hosts: number[]): Promise<void> {
  await batch(hosts.map((host) => `netns add ${partOf(setting, host)}`));
  await batch(
    hosts.flatMap((host) => {
      const part = partOf(setting, host);
      return [
        `link add ${part} type veth peer name eth0 address ${hardwareOf(setting, host)} netns ${part}`,
        `link set ${part} master ${bridgeOf(setting)} up`,
      ];
    }),
  );
  await Promise.all(hosts.map((host) => boot(setting, host)));
  await Promise.all(hosts.map((host) => answers(addressOf(setting, host))));
}

async function boot(setting: Setting, host: number): Promise<void> {
  const [part, folder] = [partOf(setting, host), pathsOf(setting).host(host)];
  await batch([`addr add ${addressOf(setting, host)}/16 dev eth0`, "link set eth0 up"], "-n", part);
  const log = openSync(join(folder, "boot.log"), "a");
  // Its Node is what an image would bring; the folder may be one that the host does not see else.
  const shared = [dirname(process.execPath)];
  const environment = ["env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"];
  const own = ["unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--propagation", "private"];
  const command = [...environment, markOf(setting, host), ...own, "sh", MACHINE, folder, `lab-${host}`, ...shared];
  spawn("ip", ["netns", "exec", part, ...command], { detached: true, stdio: ["ignore", log, log] }).unref();
}

/** Until its sshd says what it is. */
async function answers(address: string): Promise<void> {
  const deadline = performance.now() + ANSWER_MS;
  while (performance.now() < deadline) {
    if (await greets(address)) return;
    await sleep(20);
  }
  throw new LabTrouble(`host ${address} does not answer after ${ANSWER_MS / 1000} s: see its boot.log`);
}

const greets = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: address, port: 22, timeout: 1_000 });
    const done = (good: boolean) => {
      socket.destroy();
      resolve(good);
    };
    socket.on("timeout", () => done(false)).on("error", () => done(false));
    socket.on("data", (data) => done(data.toString().startsWith("SSH-")));
  });

export const cut = (setting: Setting, host: number) => run("ip", "link", "set", partOf(setting, host), "down");
export const heal = (setting: Setting, host: number) => run("ip", "link", "set", partOf(setting, host), "up");

/** As a machine that loses its power: nothing of it runs or answers, and its disk is as it was at that moment. */
export async function kill(setting: Setting, host: number): Promise<void> {
  await end(() => marked(`${markOf(setting, host)}\0`));
  await remove([partOf(setting, host)], [partOf(setting, host)]);
}

/** Process numbers as this machine counts them; the first one brings its namespaces. */
const processesOf = async (setting: Setting, host: number): Promise<number[]> =>
  (await namespaces()).includes(partOf(setting, host)) ? inNamespace(partOf(setting, host)) : [];

export const firstProcess = async (setting: Setting, host: number): Promise<number | null> =>
  (await processesOf(setting, host)).find(isFirst) ?? null;

/** From any state, also a half-made one, and safe to repeat. */
export async function down(setting: Setting): Promise<void> {
  const [bridge, ours] = [bridgeOf(setting), `${bridgeOf(setting)}-`];
  const spaces = (await namespaces()).filter((name) => name.startsWith(ours));
  await end(async () => [
    ...marked(markOf(setting)),
    ...(await Promise.all(spaces.map((name) => inNamespace(name).catch(() => [])))).flat(),
  ]);
  const left = (await links()).map(({ ifname }) => ifname);
  await remove(
    left.filter((name) => name === bridge || name.startsWith(ours)),
    spaces,
  );
  await removeFolder(setting.folder);
}

async function remove(gone: string[], spaces: string[]): Promise<void> {
  const has = new Set((await links()).map(({ ifname }) => ifname));
  const there = new Set(await namespaces());
  const lines = [
    ...gone.filter((name) => has.has(name)).map((name) => `link del ${name}`),
    ...spaces.filter((name) => there.has(name)).map((name) => `netns del ${name}`),
  ];
  if (lines.length > 0) await batch(lines, "-force");
}

/** Never through a mount: behind one are this machine's own files. */
async function removeFolder(folder: string): Promise<void> {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((point) => point.startsWith(`${folder}/`))
    .reverse();
  for (const point of mounts) await run("umount", "-l", point);
  await runWithin(DISKS_MS, "rm", "-rf", "--one-file-system", folder);
}

export interface HostStatus {
  host: number;
  address: string;
  state: "up" | "cut" | "killed";
  processes: number;
}

/** Null when there is no lab. */
export async function status(setting: Setting): Promise<HostStatus[] | null> {
  if (!existsSync(setting.folder)) return null;
  const up = new Map((await links()).map(({ ifname, flags }) => [ifname, flags?.includes("UP") ?? false]));
  const hosts = readdirSync(setting.folder)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((left, right) => left - right);
  return Promise.all(
    hosts.map(async (host) => {
      const processes = (await processesOf(setting, host)).length;
      const connected = up.get(partOf(setting, host)) ?? false;
      return {
        host,
        address: addressOf(setting, host),
        state: processes === 0 ? "killed" : connected ? "up" : "cut",
        processes,
      };
    }),
  );
}
