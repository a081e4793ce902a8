/** What only a real sshd can show: strangers are refused, lost connections are said to be lost, many ask at once. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Provider } from "../../src/model/provider.ts";
import type { SshSettings } from "../../src/providers/ssh/connection.ts";
import { findTool, startLoopbackSshd, stopLoopbackSshd } from "../../src/providers/ssh/loopback.ts";
import { createSshProvider } from "../../src/providers/ssh/provider.ts";
import { freshHome, realWorld } from "../contract/host/real-world.ts";
import { exec, type HostWorld, launch, problemOf } from "../contract/host/world.ts";

describe.skipIf(!findTool("sshd"))(
  "over a real sshd (skipped where there is none: apt-get install openssh-server)",
  () => {
    let folder: string;
    let settings: SshSettings;
    let world: HostWorld;
    const opened: Provider[] = [];
    const provider = (over: Partial<SshSettings> = {}): Provider => {
      const made = createSshProvider({ ...settings, ...over, token: () => 1 });
      opened.push(made);
      return made;
    };

    beforeAll(async () => {
      folder = freshHome();
      const { settings: made, stop } = await startLoopbackSshd({ home: folder });
      settings = made;
      const make = (token: () => number) => createSshProvider({ ...settings, token });
      world = realWorld({ folder, home: settings.directory, make, closing: stop });
    });
    afterAll(async () => {
      for (const each of opened) await each.close();
      await world?.close();
    });

    test("a host whose key is unknown or another one is refused, and nothing is sent to it", async () => {
      const strangers = join(folder, "strangers");
      writeFileSync(strangers, "");
      expect(await problemOf(provider({ knownHosts: strangers }).list("live"))).toBe("refused");
      const own = readFileSync(join(folder, "sshd/client_key.pub"), "utf8");
      writeFileSync(strangers, `[127.0.0.1]:${settings.port} ${own}`);
      expect(await problemOf(provider({ knownHosts: strangers }).list("live"))).toBe("refused");
    });

    test("nobody there, no such user's key, no such file: each is said", async () => {
      expect(await problemOf(provider({ port: 1 }).list("live"))).toBe("unreachable");
      expect(await problemOf(provider({ identityFile: join(folder, "sshd/host_key") }).list("live"))).toBe(
        "unreachable",
      );
      expect(await problemOf(provider({ identityFile: join(folder, "none") }).list("live"))).toBe("bad-input");
    });

    test("a command whose connection is cut has an unknown outcome, and the next one connects anew", async () => {
      const host = await launch(world);
      const running = host.exec("echo begun >>said; sleep 1; echo ended >>said", { timeoutMs: 10_000 });
      await world.clock.sleep(300);
      for (const pid of sessionsOf(serverPid(folder))) process.kill(pid, "SIGKILL");
      expect(await running).toMatchObject({ code: null });
      expect((await exec(host, "echo again")).stdout).toBe("again\n");
    });

    test("more at once than an ordinary sshd allows sessions", async () => {
      const config = join(folder, "sshd/sshd_config");
      writeFileSync(config, readFileSync(config, "utf8").replace("MaxSessions 100", "MaxSessions 10"));
      process.kill(serverPid(folder), "SIGHUP");
      await world.clock.sleep(300);
      const host = await launch(world);
      const all = Array.from({ length: 40 }, (_, at) => exec(host, `echo ${at}`));
      expect((await Promise.all(all)).map(({ stdout }) => Number(stdout))).toEqual([...all.keys()]);
    });

    test("it is found again by whoever starts it, and stopped from anywhere", async () => {
      const again = await startLoopbackSshd({ home: folder });
      expect(again.settings).toEqual(settings);
      await stopLoopbackSshd({ home: folder });
      await stopLoopbackSshd({ home: folder });
      const anew = await startLoopbackSshd({ home: folder });
      settings = anew.settings;
      expect(await provider().list("nowhere")).toEqual([]);
    });
  },
);

const serverPid = (folder: string): number => Number(readFileSync(join(folder, "sshd/sshd.pid"), "utf8"));

/** All the processes that sshd made of itself for its connections: one for each, and another one below it. */
function sessionsOf(parent: number): number[] {
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent && readProc(name, "comm").startsWith("sshd"))
    .map(Number);
  return children.flatMap((pid) => [...sessionsOf(pid), pid]);
}

const parentOf = (pid: string): number => Number(readProc(pid, "stat").replace(/^.*\) . (\d+) .*$/s, "$1"));

function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
