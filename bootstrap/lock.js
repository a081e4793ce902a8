/** A lock that is a directory: taken by an atomic rename, kept fresh by its owner, taken over when the owner is gone. */
import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

const freshMs = 30_000;
const beatMs = 2_000;

/**
 * @typedef {{ token: string, pid: number, host: string }} Owner
 * @param {{ owner: Owner, ageMs: number }} seen
 * @param {{ host: string, alive: (pid: number) => boolean }} here
 */
export function isStale({ owner, ageMs }, { host, alive }) {
  if (ageMs > freshMs) return true;
  return owner.host === host && !alive(owner.pid);
}

/** @param {number} pid */
function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/** @param {unknown} error */
const codeOf = (error) => /** @type {NodeJS.ErrnoException} */ (error).code;

/** @param {string} lock @returns {{ owner: Owner, ageMs: number } | null} null when nobody holds it */
function look(lock) {
  try {
    const file = join(lock, "owner.json");
    return { owner: JSON.parse(readFileSync(file, "utf8")), ageMs: Date.now() - statSync(file).mtimeMs };
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** A directory is only ever renamed onto a missing or empty one, so exactly one of many wins. @param {string} from @param {string} to */
function moved(from, to) {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (["ENOTEMPTY", "EEXIST", "ENOENT"].includes(codeOf(error) ?? "")) return false;
    throw error;
  }
}

/** The name carries the owner's token: whoever comes late finds the name taken and leaves the next owner's lock alone. @param {string} lock @param {string} token */
const grave = (lock, token) => `${lock}.gone-${token}`;

/** @param {string} folder @param {string} name */
function sweep(folder, name) {
  for (const entry of readdirSync(folder)) {
    const path = join(folder, entry);
    if (!entry.startsWith(`${name}.`)) continue;
    if (Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) < 600_000) continue;
    rmSync(path, { recursive: true, force: true });
  }
}

/**
 * Runs `work` while holding the lock `<folder>/<name>`.
 * @template T
 * @param {{ folder: string, name: string, limitMs: number, onWait: () => void, onLimit: () => Error }} options
 * @param {() => Promise<T>} work
 */
export async function withLock({ folder, name, limitMs, onWait, onLimit }, work) {
  const lock = join(folder, name);
  const owner = { token: randomUUID(), pid: process.pid, host: hostname() };
  const mine = `${lock}.new-${owner.token}`;
  mkdirSync(mine, { recursive: true });
  writeFileSync(join(mine, "owner.json"), JSON.stringify(owner));
  const deadline = Date.now() + limitMs;
  let waited = false;
  while (!moved(mine, lock)) {
    const seen = look(lock);
    if (seen && isStale(seen, { host: owner.host, alive })) moved(lock, grave(lock, seen.owner.token));
    else if (Date.now() > deadline) {
      rmSync(mine, { recursive: true, force: true });
      throw onLimit();
    } else {
      if (!waited) onWait();
      waited = true;
      beat(join(mine, "owner.json"));
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
  }
  beat(join(lock, "owner.json"));
  const beating = setInterval(() => beat(join(lock, "owner.json")), beatMs);
  try {
    sweep(folder, name);
    return await work();
  } finally {
    clearInterval(beating);
    const gone = grave(lock, owner.token);
    if (look(lock)?.owner.token === owner.token && moved(lock, gone)) rmSync(gone, { recursive: true, force: true });
  }
}

/** @param {string} file */
function beat(file) {
  const now = new Date();
  try {
    utimesSync(file, now, now);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}
