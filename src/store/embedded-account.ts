/** Decides as whom the embedded PostgreSQL runs, and where that account can reach its files. */
import { chownSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import path from "node:path";
import { Problem } from "../model/problem.ts";

/** Null: as ourselves. */
export type Account = { name: string; uid: number; gid: number } | null;

/** PostgreSQL refuses uid 0, and initdb wants a passwd entry; `postgres` is nobody else's, so it comes first. */
export function chooseAccount(uid = process.getuid?.() ?? -1, passwd = "/etc/passwd"): Account {
  if (uid !== 0) return null;
  const lines = readFileSync(passwd, "utf8").split("\n");
  for (const wanted of ["postgres", "nobody"]) {
    const fields = lines.find((line) => line.startsWith(`${wanted}:`))?.split(":");
    if (fields) return { name: wanted, uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Problem("missing-tool", {
    what: "the embedded control database can't start as root",
    why: `${passwd} has neither an account "postgres" nor "nobody"`,
    next: "useradd --system postgres, or run as an ordinary user, or set DATABASE_URL",
  });
}

/** The first folder on the way to `folder` that the account can't pass, or null. */
export function blockedAt(account: Account, folder: string): string | null {
  if (!account) return null;
  const real = realpathSync(folder);
  const parents = real.split(path.sep).map((_, depth, parts) => parts.slice(0, depth + 1).join(path.sep) || "/");
  return parents.find((parent) => !mayPass(account, parent)) ?? null;
}

function mayPass(account: NonNullable<Account>, folder: string): boolean {
  const { mode, uid, gid } = statSync(folder);
  if (uid === account.uid) return (mode & 0o100) !== 0;
  return (mode & (gid === account.gid ? 0o010 : 0o001)) !== 0;
}

export function ownedBy(account: Account, folder: string): void {
  if (account) chownSync(folder, account.uid, account.gid);
}

const POINTER = "control-database-is-in";

/**
 * The folder for the cluster: in `home`, or, where the account can't reach `home`, one of its own under `elsewhere`.
 * That folder's name is written into `home`, so that a removed home never meets its old data again.
 */
export function placeFor(account: Account, home: string, elsewhere = "/var/lib/changeover"): string {
  mkdirSync(home, { recursive: true, mode: 0o755 });
  const pointer = path.join(home, POINTER);
  if (existsSync(pointer)) return ensured(readFileSync(pointer, "utf8").trim());
  const blocked = blockedAt(account, home);
  if (!blocked) return ensured(path.join(realpathSync(home), "control-database"));
  try {
    mkdirSync(elsewhere, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw unreachable(blocked, elsewhere, account, error);
  }
  const stillBlocked = blockedAt(account, elsewhere);
  if (stillBlocked) throw unreachable(blocked, stillBlocked, account);
  try {
    writeFileSync(pointer, path.join(realpathSync(elsewhere), `control-database-${randomBytes(4).toString("hex")}`), {
      flag: "wx",
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return ensured(readFileSync(pointer, "utf8").trim());
}

/** Where an earlier start put the cluster, or null. */
export function placeKnown(home: string): string | null {
  const pointer = path.join(home, POINTER);
  const place = existsSync(pointer) ? readFileSync(pointer, "utf8").trim() : path.join(home, "control-database");
  return existsSync(place) ? realpathSync(place) : null;
}

export function forgetPlace(home: string): void {
  rmSync(path.join(home, POINTER), { force: true });
}

function ensured(place: string): string {
  mkdirSync(place, { recursive: true, mode: 0o755 });
  return realpathSync(place);
}

function unreachable(blocked: string, second: string, account: Account, cause?: unknown): Problem {
  return new Problem(
    "refused",
    {
      what: "the embedded control database has no folder it can reach",
      why: `it runs as "${account?.name}", which can't pass "${blocked}", and "${second}" can't be used either`,
      next: "chmod o+x that folder, or move the project out of it, or set DATABASE_URL",
    },
    cause,
  );
}
