/** The server's process: makes the cluster once, starts the server apart from us, reads its last words. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, existsSync, lstatSync, mkdirSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Problem } from "../model/problem.ts";
import { type Account, ownedBy } from "./embedded-account.ts";
import { moveIntoPlace } from "./embedded-binaries.ts";
import { initArguments, serverArguments } from "./embedded-settings.ts";

/** A unix socket's whole path must stay below 108 bytes; its name takes 14. */
const LONGEST_SOCKET_FOLDER = 90;
const LARGEST_LOG = 10 * 1024 * 1024;

const identity = (account: Account) => (account ? { uid: account.uid, gid: account.gid } : {});

/** Nothing of our own environment: no PGDATA, no preloaded library, no secret. */
const environment = { PATH: "/usr/bin:/bin", LC_ALL: "C" };

/** Only we and the server's account may pass this folder: that is the whole authentication. */
export function socketFolder(account: Account, place: string): string {
  const short = path.join(place, "s");
  if (Buffer.byteLength(short) <= LONGEST_SOCKET_FOLDER) return privateFolder(account, short);
  const name = createHash("sha256").update(place).digest("hex").slice(0, 12);
  return privateFolder(account, path.join(os.tmpdir(), `changeover-${name}`));
}

function privateFolder(account: Account, folder: string): string {
  try {
    mkdirSync(folder, { mode: 0o700 });
    ownedBy(account, folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const { uid, mode } = lstatSync(folder);
  // The creator may be another starter between its mkdir and its chown.
  const owners = [account?.uid, process.getuid?.()];
  if (owners.includes(uid) && (mode & 0o077) === 0) return folder;
  throw new Problem("refused", {
    what: `the folder "${folder}" can't hold the control database's socket`,
    why: "it belongs to someone else, or others may enter it",
    next: `remove it, then: changeover up`,
  });
}

/** Made beside and moved into place, so that a killed first start leaves nothing half made. */
export function createCluster(account: Account, binaries: string, data: string): void {
  if (existsSync(path.join(data, "PG_VERSION"))) return;
  const fresh = `${data}.new-${process.pid}`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  ownedBy(account, fresh);
  const made = spawnSync(path.join(binaries, "bin", "initdb"), initArguments(fresh), {
    ...identity(account),
    cwd: "/",
    env: environment,
    encoding: "utf8",
    timeout: 120_000,
  });
  if (made.status === 0) {
    moveIntoPlace(fresh, data);
    return;
  }
  rmSync(fresh, { recursive: true, force: true });
  throw new Problem(
    "unhealthy",
    {
      what: "the embedded control database can't be created",
      why: (made.stderr ?? "").trim().split("\n").pop() || String(made.error ?? "initdb was cut off"),
      next: `mend that, then: changeover up`,
    },
    made.error,
  );
}

export interface Spawned {
  ended(): boolean;
}

/** Lives on when we die. */
export function spawnServer(account: Account, binaries: string, place: string, data: string, sockets: string): Spawned {
  const log = openLog(place);
  const child: ChildProcess = spawn(path.join(binaries, "bin", "postgres"), serverArguments(data, sockets), {
    ...identity(account),
    cwd: "/",
    env: environment,
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  let failed = false;
  child.on("error", () => {
    failed = true;
  });
  child.unref();
  return { ended: () => failed || child.exitCode !== null || child.signalCode !== null };
}

function openLog(place: string): number {
  const log = path.join(place, "postgres.log");
  const tooLarge = existsSync(log) && statSync(log).size > LARGEST_LOG;
  return openSync(log, tooLarge ? "w" : "a", 0o600);
}

export function lastWords(place: string): string {
  try {
    const lines = readFileSync(path.join(place, "postgres.log"), "utf8").trim().split("\n");
    return lines.slice(-3).join(" / ") || "its log is empty";
  } catch {
    return "it left no log";
  }
}
