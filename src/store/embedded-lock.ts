/** Tells from the machine itself whether a cluster's server is alive, and clears a lock only when it surely is not. */
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import path from "node:path";
import { isAlive } from "./alive.ts";

/** Process ids of every PostgreSQL process that works in this data folder, the server and its children. */
export function processesIn(data: string): number[] {
  if (process.platform !== "linux") {
    const pid = livingServer(data);
    return pid === null ? [] : [pid];
  }
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && worksIn(Number(name), data))
    .map(Number);
}

/** A PostgreSQL process changes into its data folder before it takes the lock, and never leaves it. */
function worksIn(pid: number, data: string): boolean {
  if (process.platform !== "linux") return isAlive(pid);
  try {
    return (
      readlinkSync(`/proc/${pid}/cwd`) === data && readFileSync(`/proc/${pid}/comm`, "utf8").startsWith("postgres")
    );
  } catch {
    return false;
  }
}

/** The server's process id as its lock says, whether or not it is still true. */
function lockedBy(data: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(path.join(data, "postmaster.pid"), "utf8"), 10);
    return Number.isInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null;
  }
}

export function livingServer(data: string): number | null {
  const pid = lockedBy(data);
  return pid !== null && worksIn(pid, data) ? pid : null;
}

/**
 * PostgreSQL itself gets past the lock of a dead process. It can't when the process id was given to another program
 * or is a zombie; only then, and only while no process at all works in the folder, the lock is removed here.
 */
export function clearStaleLock(data: string, sockets: string): boolean {
  const pid = lockedBy(data);
  if (process.platform !== "linux" || pid === null || !existsSync(`/proc/${pid}`)) return false;
  if (processesIn(data).length > 0 || lockedBy(data) !== pid) return false;
  rmSync(path.join(data, "postmaster.pid"), { force: true });
  for (const name of [".s.PGSQL.5432", ".s.PGSQL.5432.lock"]) rmSync(path.join(sockets, name), { force: true });
  return true;
}
