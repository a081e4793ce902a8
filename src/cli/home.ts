/** Where the control plane of this user keeps everything: socket, log, database, secrets, artefacts, local servers. */
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { Problem } from "../model/problem.ts";

/** A unix socket's path has room for 107 bytes. */
const SOCKET_MAX = 100;

export function findHome(): string {
  const told = process.env.CHANGEOVER_HOME;
  if (told) return resolve(told);
  if (process.getuid?.() === 0) return "/var/lib/changeover";
  return join(process.env.XDG_STATE_HOME ?? join(homedir(), ".local", "state"), "changeover");
}

export function makeHome(home: string): string {
  mkdirSync(home, { recursive: true, mode: 0o755 });
  return home;
}

export function socketOf(home: string): string {
  const path = join(home, "control.sock");
  if (Buffer.byteLength(path) <= SOCKET_MAX) return path;
  throw new Problem("bad-input", {
    what: "the home folder's path is too long",
    why: `${path} has more than ${SOCKET_MAX} bytes, the most that a unix socket takes`,
    next: "set CHANGEOVER_HOME to a shorter path",
  });
}

export const logOf = (home: string): string => join(home, "control.log");
