/** A real sshd of our own on loopback, with its own keys, so that "another machine" can be shown on one. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { userInfo } from "node:os";
import { join, resolve } from "node:path";
import { Problem } from "../../model/problem.ts";
import { Connection, type SshSettings } from "./connection.ts";

export interface Loopback {
  settings: SshSettings;
  stop(): Promise<void>;
}

const address = "127.0.0.1";
const pathsIn = (home: string) => {
  const folder = join(resolve(home), "sshd");
  const at = (name: string): string => join(folder, name);
  return {
    folder,
    config: at("sshd_config"),
    pid: at("sshd.pid"),
    log: at("sshd.log"),
    settings: at("settings.json"),
    at,
  };
};

/** Starts it, or finds the one that runs already; it outlives this process until it is stopped. */
export async function startLoopbackSshd({ home }: { home: string }): Promise<Loopback> {
  const paths = pathsIn(home);
  const stop = () => stopLoopbackSshd({ home });
  if (runningPid(home) !== null && existsSync(paths.settings)) {
    return { settings: JSON.parse(readFileSync(paths.settings, "utf8")) as SshSettings, stop };
  }
  const sshd = tool("sshd");
  mkdirSync(paths.folder, { recursive: true, mode: 0o700 });
  for (const key of ["host_key", "client_key"]) {
    if (existsSync(paths.at(key))) continue;
    run(tool("ssh-keygen"), ["-q", "-t", "ed25519", "-N", "", "-C", `changeover ${key}`, "-f", paths.at(key)]);
  }
  // Asked for by sshd when root starts it; the package's service makes it otherwise.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const settings = prepare(home, await freePort());
  run(sshd, ["-f", paths.config, "-E", paths.log]);
  try {
    await answers(settings);
  } catch (error) {
    const log = existsSync(paths.log) ? readFileSync(paths.log, "utf8").trim().split("\n").slice(-5).join("; ") : "";
    await stop();
    throw new Problem("unhealthy", { what: "our own sshd does not answer", why: log, next: `see ${paths.log}` }, error);
  }
  return { settings, stop };
}

/** Safe to repeat, also from another process than the one that started it. */
export async function stopLoopbackSshd({ home }: { home: string }): Promise<void> {
  const pid = runningPid(home);
  for (let round = 0; pid !== null && runningPid(home) === pid && round < 200; round += 1) {
    process.kill(pid, round < 100 ? "SIGTERM" : "SIGKILL");
    await new Promise((done) => setTimeout(done, 20));
  }
  rmSync(pathsIn(home).pid, { force: true });
}

/** Only when the process is an sshd with our configuration: pids come back. */
function runningPid(home: string): number | null {
  const { pid: file, config } = pathsIn(home);
  try {
    const pid = Number(readFileSync(file, "utf8"));
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(config) ? pid : null;
  } catch {
    return null;
  }
}

function prepare(home: string, port: number): SshSettings {
  const paths = pathsIn(home);
  const { username } = userInfo();
  const settings: SshSettings = {
    host: address,
    port,
    user: username,
    identityFile: paths.at("client_key"),
    knownHosts: paths.at("known_hosts"),
    directory: join(resolve(home), "servers"),
  };
  const write = (path: string, text: string): void => writeFileSync(path, text, { mode: 0o600 });
  write(paths.at("authorized_keys"), readFileSync(paths.at("client_key.pub"), "utf8"));
  write(paths.at("known_hosts"), `[${address}]:${port} ${readFileSync(paths.at("host_key.pub"), "utf8")}`);
  write(paths.config, configText(paths, port));
  write(paths.settings, JSON.stringify(settings));
  return settings;
}

function configText(paths: ReturnType<typeof pathsIn>, port: number): string {
  return [
    `Port ${port}`,
    `ListenAddress ${address}`,
    `HostKey ${paths.at("host_key")}`,
    `AuthorizedKeysFile ${paths.at("authorized_keys")}`,
    `PidFile ${paths.pid}`,
    "StrictModes no",
    `UsePAM ${accountIsLocked() ? "yes" : "no"}`,
    "PermitRootLogin yes",
    "PubkeyAuthentication yes",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "AllowTcpForwarding yes",
    "AllowStreamLocalForwarding yes",
    "MaxSessions 100",
    "MaxStartups 100:30:200",
    "PrintMotd no",
    // The programs that are found here are found there; and bash takes a deeper shell for no reason to read ~/.bashrc.
    `SetEnv "PATH=${process.env.PATH ?? "/usr/bin:/bin"}" SHLVL=1`,
    "",
  ].join("\n");
}

/** Without PAM, an sshd lets nobody in whose password is locked, as that of root often is. */
function accountIsLocked(): boolean {
  try {
    const { username } = userInfo();
    const line = readFileSync("/etc/shadow", "utf8")
      .split("\n")
      .find((text) => text.startsWith(`${username}:`));
    return line?.split(":")[1]?.startsWith("!") ?? false;
  } catch {
    return false;
  }
}

/** The absolute path of a program; sshd starts itself again and needs it. */
export function findTool(name: string): string | null {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"];
  return folders.map((folder) => join(folder || "/", name)).find((path) => existsSync(path)) ?? null;
}

function tool(name: string): string {
  const path = findTool(name);
  if (path) return path;
  const next = "sudo apt-get install openssh-server";
  throw new Problem("missing-tool", {
    what: `there is no ${name} here`,
    why: "OpenSSH's server is not installed",
    next,
  });
}

function run(program: string, args: string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: "utf8", timeout: 20_000 });
  if (status === 0) return;
  const why = error?.message ?? stderr.trim();
  throw new Problem("step-failed", { what: `${program} failed`, why, next: "changeover doctor" });
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer().once("error", fail);
    probe.listen(0, address, () => {
      const at = probe.address();
      probe.close(() => (at && typeof at === "object" ? done(at.port) : fail(new Error("no port"))));
    });
  });
}

/** It begins to listen a moment after its starter has returned. */
async function answers(settings: SshSettings): Promise<void> {
  for (let round = 1; ; round += 1) {
    const connection = new Connection(settings);
    try {
      await connection.client();
      return;
    } catch (error) {
      if (round >= 40) throw error;
      await new Promise((done) => setTimeout(done, 50));
    } finally {
      await connection.close();
    }
  }
}
