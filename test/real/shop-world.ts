/** What the examples need to run without Changeover: a MariaDB of their own, built releases, processes with an environment. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { type Connection, createConnection } from "mysql2/promise";
import type { Clock } from "../../src/model/clock.ts";
import { waitFor } from "../../src/model/clock.ts";
import { parseEnvironment } from "../../src/model/environment-file.ts";

const run = promisify(execFile);
export const clock: Clock = { now: () => Date.now(), sleep: (ms, signal) => sleep(ms, undefined, { signal }) };
const path = `${dirname(process.execPath)}:${process.env.PATH}:/usr/sbin`;
const asRoot = process.getuid?.() === 0 ? ["--user=root"] : [];
const account = { user: "app", password: "ünusual p@ss" };

export interface Ended {
  code: number | null;
  output: string;
}

/** A process of an application, and what it printed. */
export interface Running {
  child: ChildProcess;
  ended: Promise<Ended>;
  output(): string;
  stop(): Promise<Ended>;
}

const running = new Set<Running>();
/** Databases outlive the test that started them. */
const kept = new Set<Running>();
process.once("exit", () => {
  for (const { child } of [...running, ...kept]) kill(child);
});

/** Runs a shell line as Changeover does, with this environment and nothing else. */
export function start(line: string, cwd: string, env: Record<string, string>): Running {
  const child = spawn("/bin/sh", ["-c", line], { cwd, env: { PATH: path, HOME: cwd, ...env }, detached: true });
  let output = "";
  const note = (part: Buffer) => {
    output += part.toString("utf8");
  };
  child.stdout.on("data", note);
  child.stderr.on("data", note);
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code) => {
      running.delete(process_);
      kept.delete(process_);
      resolve({ code, output });
    });
  });
  const process_: Running = {
    child,
    ended,
    output: () => output,
    async stop() {
      child.kill("SIGTERM");
      const killer = setTimeout(() => kill(child), 12_000);
      const result = await ended;
      clearTimeout(killer);
      return result;
    },
  };
  running.add(process_);
  return process_;
}

function kill(child: ChildProcess): void {
  try {
    if (child.pid) process.kill(-child.pid, "SIGKILL");
  } catch {
    // It is gone already.
  }
}

/** Ends what a test left behind. */
export const endApplications = (): Promise<void> => end([...running]);
export const endAll = (): Promise<void> => end([...running, ...kept]);

async function end(left: Running[]): Promise<void> {
  for (const { child } of left) kill(child);
  await Promise.all(left.map((one) => one.ended));
}

export async function until<T>(what: string, look: () => Promise<T | null | undefined | false>): Promise<T> {
  const seen = await waitFor(clock, { withinMs: 20_000, everyMs: 50 }, look);
  if (seen === null) throw new Error(`not within 20 s: ${what}`);
  return seen;
}

export interface DatabaseServer {
  address: string;
  port: number;
  root: Connection;
  /** A new, empty database, and the environment that leads an application there. */
  environment(name: string): Promise<Record<string, string>>;
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** A MariaDB in this folder; ended by `endAll`. */
export async function openDatabaseServer(folder: string, address: string): Promise<DatabaseServer> {
  const [data, socket, port] = [join(folder, "data"), join(folder, "db.sock"), 3306];
  const settings = join(folder, "db.cnf");
  await mkdir(folder, { recursive: true });
  const lines = [`datadir=${data}`, `socket=${socket}`, `pid-file=${folder}/db.pid`, `bind-address=${address}`];
  const small = [
    "innodb-buffer-pool-size=32M",
    "innodb-log-file-size=16M",
    "performance-schema=OFF",
    "skip-name-resolve",
  ];
  await writeFile(settings, ["[mariadbd]", ...lines, `port=${port}`, ...small, ""].join("\n"));
  const install = [
    `--defaults-file=${settings}`,
    "--auth-root-authentication-method=normal",
    "--skip-test-db",
    ...asRoot,
  ];
  await run("mariadb-install-db", install, { env: { PATH: path }, timeout: 60_000 });

  const connect = () => createConnection({ socketPath: socket, user: "root", connectTimeout: 2000 });
  const startServer = () => {
    const process_ = start(`exec mariadbd --defaults-file=${settings} ${asRoot.join(" ")}`, folder, {});
    running.delete(process_);
    kept.add(process_);
    return process_;
  };
  let process_ = startServer();
  const server: DatabaseServer = {
    address,
    port,
    root: await until("MariaDB answers", () => connect().catch(() => null)),
    async environment(name) {
      await server.root.query(`CREATE DATABASE ${name} DEFAULT CHARACTER SET utf8mb4`);
      await server.root.query(`GRANT ALL ON ${name}.* TO '${account.user}'@'%' IDENTIFIED BY '${account.password}'`);
      return {
        DATABASE_HOST: address,
        DATABASE_PORT: String(port),
        DATABASE_NAME: name,
        DATABASE_USER: account.user,
        DATABASE_PASSWORD: account.password,
      };
    },
    async stop() {
      server.root.destroy();
      await process_.stop();
    },
    async start() {
      process_ = startServer();
      server.root = await until("MariaDB answers", () => connect().catch(() => null));
    },
  };
  return server;
}

export interface Release {
  folder: string;
  start: { web: string; worker?: string };
  migrate: string;
}

/** The example's environment file, and its releases, copied and built as the file says. */
export async function openExample(name: string, folder: string) {
  const source = join(import.meta.dirname, "../../examples", name);
  const file = join(source, "environment.yaml");
  const definition = parseEnvironment(await readFile(file, "utf8"), file);
  const releases: Record<string, Release> = {};
  for (const [release, { artefact, build, start: lines, migrate }] of Object.entries(definition.releases)) {
    const copy = join(folder, `release-${release}`);
    await cp(join(source, artefact), copy, { recursive: true, filter: (path) => !path.includes("node_modules") });
    if (build)
      await run("/bin/sh", ["-c", build], { cwd: copy, timeout: 120_000, env: { ...process.env, PATH: path } });
    releases[release] = { folder: copy, start: lines, migrate: migrate ?? "true" };
  }
  return { definition, releases };
}

export const migrate = (release: Release, env: Record<string, string>): Promise<Ended> =>
  start(release.migrate, release.folder, env).ended;

/** A web process that listens; whether it is healthy is for the caller to ask. */
export async function startWeb(release: Release, address: string, env: Record<string, string>) {
  const url = `http://${address}:8000`;
  const web = start(release.start.web, release.folder, { HOST: address, PORT: "8000", SERVER_NAME: "app-1", ...env });
  await until(`${url} listens`, async () => {
    if (web.child.exitCode !== null) throw new Error(`the web process ended: ${web.output()}`);
    return fetch(url).catch(() => null);
  });
  return { ...web, url };
}

export const newFolder = (name: string): Promise<string> => mkdtemp(join(tmpdir(), `${name}-`));
export const removeFolder = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });
