/** Decides whether node_modules is what package-lock.json asks for. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * @typedef {{ nodeVersion: string, platform: string, arch: string }} Target
 * @typedef {{ version?: string, optional?: boolean, os?: string[], cpu?: string[], libc?: string[] }} Locked
 * @param {string} lock text of package-lock.json
 * @param {Target} target
 */
export function stampFor(lock, { nodeVersion, platform, arch }) {
  const hash = createHash("sha256").update(lock).digest("hex");
  return `${hash} node ${nodeVersion.split(".")[0]} ${platform}-${arch}`;
}

/** @param {Locked} locked @param {Target} target */
function wantedHere({ optional, os, cpu, libc }, { platform, arch }) {
  if (!optional) return true;
  if (!os || !cpu || (libc && !libc.includes("glibc"))) return false;
  return os.includes(platform) && cpu.includes(arch);
}

/**
 * Whether what someone installed by hand is what the lock file asks for, so that it is not installed once more.
 * @param {string} lock text of package-lock.json
 * @param {string} installed text of node_modules/.package-lock.json
 * @param {Target} target
 */
export function satisfies(lock, installed, target) {
  /** @type {Record<string, Locked>} */
  const wanted = JSON.parse(lock).packages ?? {};
  /** @type {Record<string, Locked>} */
  const found = JSON.parse(installed).packages ?? {};
  return Object.entries(wanted).every(([path, locked]) => {
    if (path === "") return true;
    const there = found[path];
    return there ? there.version === locked.version : !wantedHere(locked, target);
  });
}

/** @param {string} root */
export const stampFile = (root) => join(root, "node_modules", ".changeover-stamp");

/** @param {string} path */
export const textOf = (path) => (existsSync(path) ? readFileSync(path, "utf8") : null);

/** @param {string} root @param {Target} target */
export function packagesPresent(root, target) {
  const lock = readFileSync(join(root, "package-lock.json"), "utf8");
  const stamp = stampFor(lock, target);
  const found = textOf(stampFile(root));
  if (found === stamp) return true;
  if (found !== null && placeOf(found) !== placeOf(stamp)) return false;
  const installed = textOf(join(root, "node_modules", ".package-lock.json"));
  if (installed === null || !satisfies(lock, installed, target)) return false;
  try {
    writeFileSync(stampFile(root), stamp);
  } catch {
    // Without the right to write there the comparison is simply made again next time.
  }
  return true;
}

/** What a stamp says besides the lock file: the Node and the platform it was installed for. @param {string} stamp */
const placeOf = (stamp) => stamp.slice(stamp.indexOf(" "));
