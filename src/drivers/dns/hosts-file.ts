/** Names in a file like /etc/hosts, for the local cloud: changed under a lock, whole or not at all, and never the machine's own. */
import { spawn } from "node:child_process";
import { type BigIntStats, constants } from "node:fs";
import { access, chown, lstat, open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { heldByOther, isThere, type NameRecord, type NameServer, sameAddresses } from "../../model/dns-name.ts";
import { Problem } from "../../model/problem.ts";
import { recordIn, textWith } from "./hosts-text.ts";

export interface HostsFileSettings {
  /** Absolute. */
  path: string;
  /** The machine's own; another one in tests. */
  machines?: string;
}

const MACHINES = "/etc/hosts";
const MOST_BYTES = 1024 * 1024;
const LOCK_SECONDS = 10;

export function createHostsFile({ path, machines = MACHINES }: HostsFileSettings): NameServer {
  const look = async (name: string) => lookAt(await placeOf(path, machines), name);
  const move: NameServer["move"] = async (name, { from, to }) => {
    const wanted = { from, to, ttlSeconds: 0 };
    await locked(await placeOf(path, machines), async () => {
      // Looked at again: it may have become something else while we waited for the lock.
      const file = await placeOf(path, machines);
      const { record, text } = await lookAt(file, name);
      if (isThere(record, wanted)) return;
      if (!sameAddresses(record.addresses, from)) throw heldByOther(record, from);
      await write(file, textWith(text, name, to));
    });
  };
  return {
    kind: "hosts-file",
    place: path,
    read: async (name) => (await look(name)).record,
    move,
    remove: (name, from) => move(name, { from, to: [], ttlSeconds: 0 }),
    async prove() {
      const file = await placeOf(path, machines);
      await locked(file, () =>
        access(dirname(file.real), constants.W_OK).catch((error) => refuse(path, String(error))),
      );
    },
  };
}

interface File {
  path: string;
  /** Past every link. */
  real: string;
  /** Null: there is none yet. */
  stats: BigIntStats | null;
}

/** A link, a second name or another mount of the machine's own file is that file. */
async function placeOf(path: string, machines: string): Promise<File> {
  const [ours, theirs] = [await follow(path), await follow(machines)];
  const same = ours.stats && theirs.stats && ours.stats.dev === theirs.stats.dev && ours.stats.ino === theirs.stats.ino;
  if (same || ours.real === theirs.real || resolve(path) === resolve(machines)) {
    return refuse(path, `it is the machine's own ${machines}, by which everything here finds its way`);
  }
  if (ours.stats && !ours.stats.isFile()) return refuse(path, "it is no regular file");
  if (ours.stats && ours.stats.size > MOST_BYTES) return refuse(path, `it has more than ${MOST_BYTES} bytes`);
  return ours;
}

async function follow(path: string): Promise<File> {
  try {
    const real = await realpath(path);
    return { path, real, stats: await stat(real, { bigint: true }) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") return refuse(path, String(error));
  }
  // Nobody knows what a link to nothing will be one day.
  if (await lstat(path).catch(() => null)) return refuse(path, "it is a link that leads to nothing");
  const folder = await realpath(dirname(path)).catch((error: unknown) => refuse(path, String(error)));
  return { path, real: join(folder, basename(path)), stats: null };
}

async function lookAt({ path, real, stats }: File, name: string): Promise<{ record: NameRecord; text: string }> {
  const text = stats ? await readFile(real, "latin1").catch((error: unknown) => refuse(path, String(error))) : "";
  const { strange, ...record } = recordIn(text, name);
  if (strange.length === 0) return { record, text };
  throw new Problem("refused", {
    what: `${name} can't be looked after`,
    why: `in ${path} it leads to ${strange.join(" and ")}, too; only IPv4 addresses of servers are moved`,
    next: "take that out of the file, or the name out of the environment file",
  });
}

/** Beside it and renamed, so that whoever reads finds all of the old or all of the new. */
async function write({ path, real, stats }: File, text: string): Promise<void> {
  const beside = `${real}.new`;
  try {
    // Left by one that was killed, or a link that somebody put there.
    await rm(beside, { force: true });
    const file = await open(beside, "wx", stats ? Number(stats.mode) & 0o777 : 0o644);
    try {
      await file.writeFile(text, "latin1");
      if (stats) await file.chmod(Number(stats.mode) & 0o777);
      await file.sync();
    } finally {
      await file.close();
    }
    if (stats && process.getuid?.() === 0) await chown(beside, Number(stats.uid), Number(stats.gid));
    await rename(beside, real);
    const folder = await open(dirname(real), "r");
    await folder.sync().finally(() => folder.close());
  } catch (error) {
    await rm(beside, { force: true });
    refuse(path, String(error));
  }
}

/** The kernel's lock on a file beside it: whoever dies gives it back. */
async function locked<T>({ path, real }: File, work: () => Promise<T>): Promise<T> {
  const holder = spawn("flock", ["-w", String(LOCK_SECONDS), `${real}.lock`, "sh", "-c", "echo held; exec cat"], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  const over = new Promise<void>((done) => holder.once("close", () => done()));
  try {
    await held(path, holder);
    return await work();
  } finally {
    holder.stdin.end();
    await over;
  }
}

function held(path: string, holder: ReturnType<typeof spawn>): Promise<void> {
  return new Promise((done, fail) => {
    let said = "";
    holder.stdin?.on("error", () => {});
    holder.stderr?.on("data", (part) => {
      said += part;
    });
    holder.stdout?.once("data", () => done());
    holder.once("error", (error) => fail(missing(error)));
    holder.once("close", () => fail(cant(path, said.trim() || `others hold its lock for more than ${LOCK_SECONDS} s`)));
  });
}

const missing = (cause: Error): Problem =>
  new Problem(
    "missing-tool",
    { what: "there is no flock here", why: cause.message, next: "install util-linux, then: changeover doctor" },
    cause,
  );

const cant = (path: string, why: string): Problem =>
  new Problem("refused", {
    what: `${path} can't be used as a hosts file`,
    why,
    next: "name another file in names.hostsFile of the environment file, then: changeover up environment.yaml",
  });

function refuse(path: string, why: string): never {
  throw cant(path, why);
}
