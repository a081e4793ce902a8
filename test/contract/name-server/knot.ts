/** A real DNS server of our own on loopback: knot with one zone, keys that may and may not change it, in a folder that goes away. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findTool } from "../../../src/providers/ssh/loopback.ts";

export const ZONE = "shop.test";
export const knotd = findTool("knotd");
export const NO_KNOT = "there is no knotd here (sudo apt-get install knot)";

/** Of the keys only `mover` and `long` may change the zone. */
export const KEYS = {
  mover: { name: "mover", algorithm: "hmac-sha256", secret: randomBytes(32).toString("base64") },
  long: { name: "long", algorithm: "hmac-sha512", secret: randomBytes(64).toString("base64") },
  reader: { name: "reader", algorithm: "hmac-sha256", secret: randomBytes(32).toString("base64") },
} as const;

export interface Knot {
  address: string;
  port: number;
  /** Starts it again if it was stopped. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Stops it and removes its folder. */
  close(): Promise<void>;
}

/** `records`: further lines of the zone. */
export async function startKnot(records: readonly string[] = []): Promise<Knot> {
  const folder = mkdtempSync(join(tmpdir(), "changeover-knot-"));
  const [address, port] = ["127.0.0.1", await freePort()];
  mkdirSync(join(folder, "run"));
  writeFileSync(join(folder, `${ZONE}.zone`), zoneText(records));
  const config = join(folder, "knot.conf");
  writeFileSync(config, configText(folder, address, port), { mode: 0o600 });
  let child: ChildProcess | null = null;
  const stop = async (): Promise<void> => {
    const running = child;
    child = null;
    if (!running || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once("exit", resolve));
    running.kill("SIGTERM");
    await ended;
  };
  const start = async (): Promise<void> => {
    if (child) return;
    // Its log says less of a bad configuration than itself.
    const said = openSync(join(folder, "said"), "a");
    child = spawn(knotd ?? "", ["-c", config], { stdio: ["ignore", said, said] });
    closeSync(said);
    await listening(child, join(folder, "run/knot.pid"), () => readFileSync(join(folder, "said"), "utf8"));
  };
  await start();
  const close = async (): Promise<void> => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { address, port, start, stop, close };
}

const zoneText = (records: readonly string[]): string =>
  [
    `$ORIGIN ${ZONE}.`,
    "@ 3600 IN SOA ns hostmaster 1 3600 600 86400 7",
    "@ 3600 IN NS ns",
    "ns 3600 IN A 127.0.0.1",
    ...records,
    "",
  ].join("\n");

/** Without a `user` it stays who started it: root, or anybody. */
function configText(folder: string, address: string, port: number): string {
  const keys = Object.values(KEYS).flatMap(({ name, algorithm, secret }) => [
    `  - id: ${name}`,
    `    algorithm: ${algorithm}`,
    `    secret: ${secret}`,
  ]);
  return [
    "server:",
    `  rundir: ${join(folder, "run")}`,
    `  listen: ${address}@${port}`,
    "  udp-workers: 1",
    "  tcp-workers: 1",
    "  background-workers: 1",
    "log:",
    "  - target: stderr",
    "    any: info",
    "database:",
    `  storage: ${folder}`,
    // They are files of zeroes as large as this, else 20 GiB.
    "  journal-db-max-size: 16M",
    "  timer-db-max-size: 16M",
    "  kasp-db-max-size: 16M",
    "  catalog-db-max-size: 16M",
    "key:",
    ...keys,
    "acl:",
    "  - id: movers",
    "    key: [mover, long]",
    "    action: update",
    "zone:",
    `  - domain: ${ZONE}`,
    `    storage: ${folder}`,
    `    file: ${ZONE}.zone`,
    "    acl: movers",
    "    journal-max-usage: 4M",
    "    zonefile-sync: -1",
    "",
  ].join("\n");
}

/** It writes its pid when all is loaded. */
async function listening(child: ChildProcess, pidFile: string, log: () => string): Promise<void> {
  for (let round = 0; round < 200 && child.exitCode === null; round += 1) {
    if (pidIn(pidFile) === child.pid) return;
    await sleep(25);
  }
  child.kill("SIGKILL");
  throw new Error(`knot does not come up: ${log()}`);
}

function pidIn(file: string): number | null {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer().once("error", fail);
    probe.listen(0, "127.0.0.1", () => {
      const at = probe.address();
      probe.close(() => (at && typeof at === "object" ? done(at.port) : fail(new Error("no port"))));
    });
  });
}
