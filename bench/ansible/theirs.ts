/** What a user of Ansible would have on the same hosts: runit, one HAProxy, two colours of one application, two playbooks. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "../../src/model/clock.ts";
import { systemClock } from "../../src/run/clock.ts";
import type { Lab } from "../../src/providers/lab/lab.ts";
import { askOnce, type Entrance } from "./clients.ts";
import type { Release } from "./releases.ts";

const CONFIG = join(import.meta.dirname, "ansible.cfg");
const PORTS = { blue: 8081, green: 8082 };
const SERVES_MS = 20_000;
const BALANCER_MODULE = "ansible_collections/community/general/plugins/modules/haproxy.py";

type Colour = keyof typeof PORTS;

/** Why Ansible can't be run here; null when it can. */
export function ansibleTrouble(): string | null {
  const folders = (process.env.PATH ?? "").split(":").concat("/usr/sbin");
  const missing = ["ansible-playbook", "runsvdir", "socat", "haproxy"].filter((program) =>
    folders.every((folder) => !existsSync(join(folder, program))),
  );
  if (missing.length > 0) return `${missing.join(", ")} missing: apt-get install ansible runit socat haproxy`;
  return existsSync(join("/usr/lib/python3/dist-packages", BALANCER_MODULE))
    ? null
    : "its module for HAProxy is missing: apt-get install ansible (ansible-core alone lacks it)";
}

export interface Theirs {
  entrance: Entrance;
  /** The command of one upgrade, and what it needs in its environment. */
  upgrade(mode: "rolling" | "switch", to: Release): { command: string[]; env: Record<string, string> };
}

export interface Places {
  lab: Lab;
  /** Numbers of the lab's hosts. */
  balancer: number;
  apps: number[];
  folder: string;
}

export async function openTheirs(places: Places, first: Release): Promise<Theirs> {
  const { lab, folder, balancer, apps } = places;
  mkdirSync(folder, { recursive: true });
  await Promise.all(apps.map((host) => prepareApp(lab, host, first)));
  await prepareBalancer(places);
  const entrance = { address: lab.address(balancer), port: 80, host: "ansible.test" };
  const serves = async () => (await askOnce(entrance).catch(() => "")) === first.name;
  if (!(await waitFor(systemClock, { withinMs: SERVES_MS, everyMs: 100 }, serves)))
    throw new Error(`what Ansible is to upgrade does not serve within ${SERVES_MS / 1000} s`);
  writeInventory(places);
  let live: Colour = "blue";
  let run = 0;
  return {
    entrance,
    upgrade(mode, to) {
      const old = live;
      if (mode === "switch") live = old === "blue" ? "green" : "blue";
      const facts = { release: to.name, artefact: to.archive, live, old, new: live, port: PORTS[live] };
      const words = Object.entries(facts).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
      const playbook = join(import.meta.dirname, `${mode}.yml`);
      const control = join(folder, `control-${++run}`);
      return {
        command: ["ansible-playbook", "-i", join(folder, "inventory.ini"), playbook, ...words],
        // Connections are as cold as after a night.
        env: { ANSIBLE_CONFIG: CONFIG, ANSIBLE_SSH_CONTROL_PATH_DIR: control, ANSIBLE_NOCOLOR: "1" },
      };
    },
  };
}

function writeInventory({ lab, folder, balancer, apps }: Places): void {
  const { identityFile, knownHosts } = lab.provider;
  const lines = [
    "[app]",
    ...apps.map((host, at) => `app${at + 1} ansible_host=${lab.address(host)}`),
    "[lb]",
    `balancer ansible_host=${lab.address(balancer)}`,
    "[all:vars]",
    "ansible_user=root",
    `ansible_ssh_private_key_file=${identityFile}`,
    "ansible_python_interpreter=/usr/bin/python3",
    `ansible_ssh_common_args=-o UserKnownHostsFile=${knownHosts}`,
  ];
  writeFileSync(join(folder, "inventory.ini"), `${lines.join("\n")}\n`);
}

async function prepareApp(lab: Lab, host: number, first: Release): Promise<void> {
  const services = Object.entries(PORTS).map(([colour, port]) => ({
    name: colour,
    run: `cd /opt/bench/${colour} || exit 1\nexec env HOST=0.0.0.0 PORT=${port} ${process.execPath} server.mjs`,
    begins: colour === "blue",
  }));
  const unpack = `mkdir -p /opt/bench/releases/${first.name} && tar -xzf - -C /opt/bench/releases/${first.name}`;
  await within(lab, host, `${unpack} && ln -s releases/${first.name} /opt/bench/blue`, first.archive);
  await supervise(lab, host, services);
}

async function prepareBalancer({ lab, balancer, apps }: Places): Promise<void> {
  const pools = Object.entries(PORTS).flatMap(([colour, port]) => [
    `backend ${colour}`,
    "  balance roundrobin",
    "  option httpchk GET /health",
    "  default-server check inter 500ms fastinter 100ms rise 2 fall 2",
    ...apps.map((host, at) => `  server app${at + 1} ${lab.address(host)}:${port}`),
  ]);
  const config = [
    "global",
    "  stats socket /run/bench-haproxy.sock mode 600 level admin",
    "  maxconn 2000",
    "defaults",
    "  mode http",
    "  timeout connect 2s",
    "  timeout client 30s",
    "  timeout server 30s",
    "  option redispatch",
    "  retries 3",
    "frontend public",
    "  bind :80",
    "  use_backend %[str(live),map(/etc/bench/live.map,blue)]",
    ...pools,
  ].join("\n");
  await within(
    lab,
    balancer,
    `mkdir -p /etc/bench && echo 'live blue' >/etc/bench/live.map && cat >/etc/bench/haproxy.cfg <<'END'\n${config}\nEND`,
  );
  const run = "exec haproxy -W -db -f /etc/bench/haproxy.cfg";
  await supervise(lab, balancer, [{ name: "balancer", run, begins: true }]);
}

interface Supervised {
  name: string;
  run: string;
  begins: boolean;
}

async function supervise(lab: Lab, host: number, services: Supervised[]): Promise<void> {
  for (const { name, run, begins } of services) {
    const folder = `/etc/bench/services/${name}`;
    const write = `mkdir -p ${folder} && cat >${folder}/run <<'END' && chmod +x ${folder}/run\n#!/bin/sh\n${run}\nEND`;
    await within(lab, host, begins ? write : `${write}\ntouch ${folder}/down`);
  }
  const supervisor = await lab.spawn(host, ["runsvdir", "-P", "/etc/bench/services"]);
  supervisor.stdout?.resume();
  supervisor.stderr?.resume();
}

/** A shell line on a host, by root there and without sshd; a file can be its input. */
async function within(lab: Lab, host: number, line: string, input?: string): Promise<void> {
  const child = await lab.spawn(host, ["sh", "-euc", line]);
  let said = "";
  child.stderr?.on("data", (part: Buffer) => {
    said += part.toString();
  });
  child.stdout?.resume();
  feed(child, input);
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`host ${host} refused "${line.slice(0, 80)}": ${said.trim()}`);
}

function feed({ stdin }: ChildProcess, file?: string): void {
  if (!stdin) return;
  if (file === undefined) return void stdin.end();
  const reader = spawn("cat", [file], { stdio: ["ignore", "pipe", "inherit"] });
  reader.stdout.pipe(stdin);
}
