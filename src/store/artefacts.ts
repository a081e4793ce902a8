/** Packed releases by content hash: built once, packed the same way each time, copied to every server. */
import { execFile } from "node:child_process";
import { createHash, type Hash, randomUUID } from "node:crypto";
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, relative } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import tar from "tar-stream";
import type { Stored } from "../model/host.ts";
import { Problem } from "../model/problem.ts";

const BUILD_MS = 40 * 60_000;

export interface Artefacts {
  /** Builds and packs a release's folder; gives its content hash. */
  pack(folder: string, build: string | undefined): Promise<string>;
  /** Hundreds of megabytes are usual, so nobody is handed all of them at once. */
  read(hash: string): Promise<Stored>;
}

export function openArtefacts(home: string): Artefacts {
  const folder = join(home, "artefacts");
  mkdirSync(folder, { recursive: true });
  const fileOf = (hash: string) => join(folder, `${hash}.tar`);
  /** When a file that was read through and found right was last written. */
  const looked = new Map<string, number>();
  return {
    async pack(from, build) {
      if (!existsSync(from) || !statSync(from).isDirectory()) {
        throw new Problem("bad-input", {
          what: `there is no folder ${from}`,
          why: "a release's artefact must be a folder",
          next: "mend `artefact` in the environment file",
        });
      }
      const part = join(folder, `${randomUUID()}.part`);
      try {
        const hash = await packBuilt(from, build, part);
        renameSync(part, fileOf(hash));
        return hash;
      } finally {
        rmSync(part, { force: true });
      }
    },
    async read(hash) {
      if (!existsSync(fileOf(hash))) {
        throw new Problem("not-found", {
          what: `artefact ${hash} is gone`,
          why: `there is no ${fileOf(hash)}`,
          next: "plan again: the release is then packed anew",
        });
      }
      const { size, mtimeMs } = statSync(fileOf(hash));
      if (looked.get(hash) !== mtimeMs) await mustHold(fileOf(hash), hash);
      looked.set(hash, mtimeMs);
      return { bytes: size, open: () => createReadStream(fileOf(hash)) };
    },
  };
}

/** What was approved is what is installed: a plan names the content and not the file. */
async function mustHold(file: string, hash: string): Promise<void> {
  const content = createHash("sha256");
  await pipeline(createReadStream(file), content);
  const found = nameOf(content);
  if (found === hash) return;
  throw new Problem("refused", {
    what: `artefact ${hash} is not what was planned`,
    why: `${file} was changed: its content is ${found}`,
    next: `remove it, then plan again: the release is then packed anew`,
  });
}

const nameOf = (content: Hash): string => content.digest("hex").slice(0, 32);

/** Built only when the folder is not what the last build of this very command left there. Gives the content's hash. */
async function packBuilt(from: string, build: string | undefined, part: string): Promise<string> {
  const before = await packFolder(from, part);
  if (!build) return before;
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  const stamp = join(cache, "changeover", "builds", createHash("sha256").update(`${from}\n${build}`).digest("hex"));
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === before) return before;
  await runBuild(from, build);
  const after = await packFolder(from, part);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, after);
  return after;
}

async function runBuild(cwd: string, command: string): Promise<void> {
  try {
    await promisify(execFile)("/bin/sh", ["-c", command], { cwd, timeout: BUILD_MS, maxBuffer: 16_000_000 });
  } catch (error) {
    const { stderr, stdout, message } = error as Error & { stderr?: string; stdout?: string };
    throw new Problem(
      "step-failed",
      {
        what: `the build of ${cwd} failed`,
        why: (stderr || stdout || message).trim().slice(-600),
        next: `run it by hand: cd ${cwd} && ${command}`,
      },
      error,
    );
  }
}

/** Sorted, without times and owners, so that equal content has equal bytes; file by file, however large it is. */
async function packFolder(root: string, to: string): Promise<string> {
  const pack = tar.pack();
  const hash = createHash("sha256");
  const hashed = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await Promise.all([pipeline(pack, hashed, createWriteStream(to, { flush: true })), addAll(pack, root)]);
  return nameOf(hash);
}

async function addAll(pack: tar.Pack, root: string): Promise<void> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries.map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }));
  paths.sort((left, right) => (left.path < right.path ? -1 : 1));
  for (const { entry, path } of paths) {
    const common = { name: relative(root, path), mtime: new Date(0), uid: 0, gid: 0 };
    if (entry.isDirectory()) pack.entry({ ...common, type: "directory", mode: 0o755 });
    else if (entry.isSymbolicLink()) pack.entry({ ...common, type: "symlink", linkname: readlinkSync(path) });
    else if (entry.isFile()) {
      const { mode, size } = statSync(path);
      const file = pack.entry({ ...common, type: "file", mode: mode & 0o100 ? 0o755 : 0o644, size });
      await pipeline(createReadStream(path), file);
    }
  }
  pack.finalize();
}
