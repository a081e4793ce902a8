/** A control plane is killed in the middle of a migration; the next one attaches to it, and it ran once. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLocalProvider } from "../../src/providers/local/provider.ts";
import { findTool, startLoopbackSshd } from "../../src/providers/ssh/loopback.ts";
import { createSshProvider } from "../../src/providers/ssh/provider.ts";
import { freshHome, realWorld, shellPrograms } from "../contract/host/real-world.ts";
import { eventually, finished, type HostWorld, launch, linesOf } from "../contract/host/world.ts";

type Ssh = Awaited<ReturnType<typeof startLoopbackSshd>>;

interface Made {
  world: HostWorld;
  directory: string;
  ssh: Ssh["settings"] | null;
}

async function overLocal(): Promise<Made> {
  const directory = freshHome();
  const make = (token: () => number) => createLocalProvider({ directory, token });
  return { world: realWorld({ folder: directory, home: directory, make }), directory, ssh: null };
}

async function overSsh(): Promise<Made> {
  const folder = freshHome();
  const { settings, stop } = await startLoopbackSshd({ home: folder });
  const { directory } = settings;
  const make = (token: () => number) => createSshProvider({ ...settings, token });
  return { world: realWorld({ folder, home: directory, make, closing: stop }), directory, ssh: settings };
}

function startController(made: Made, server: string, command: string): ChildProcess {
  const program = fileURLToPath(new URL("./host-jobs-controller.ts", import.meta.url));
  const wanted = JSON.stringify({ ssh: made.ssh, directory: made.directory, server, command });
  return spawn(process.execPath, [program, wanted], { stdio: ["ignore", "pipe", "inherit"] });
}

async function killed(controller: ChildProcess): Promise<void> {
  if (controller.exitCode !== null || controller.signalCode !== null) return;
  const gone = once(controller, "exit");
  controller.kill("SIGKILL");
  await gone;
}

async function says(controller: ChildProcess, text: string): Promise<void> {
  let heard = "";
  for await (const chunk of controller.stdout?.iterator({ destroyOnReturn: false }) ?? []) {
    heard += String(chunk);
    if (heard.includes(text)) return;
  }
  throw new Error(`the controller ended before it said "${text}"`);
}

function describeCrashes(name: string, make: () => Promise<Made>): void {
  describe(`the control plane is killed, over ${name}`, () => {
    let made: Made;
    beforeAll(async () => {
      made = await make();
    });
    afterAll(() => made?.world.close());

    test("in the middle of the migration", async () => {
      const { world } = made;
      const host = await launch(world);
      const command = shellPrograms.appendSlowly("migrated", 1_500);
      const controller = startController(made, host.name, command);
      try {
        await eventually(world, async () => (await linesOf(host, "migrated")).length === 1);
      } finally {
        await killed(controller);
      }
      const next = await world.provider(2).open("live", host.name);
      expect(await next.jobState("migration")).toMatchObject({ state: "running" });
      await next.startJob({ id: "migration", command, timeoutMs: 60_000 });
      expect(await finished(world, next, "migration")).toMatchObject({ state: "done", code: 0 });
      expect(await linesOf(next, "migrated")).toEqual(["begun", "ended"]);
    });

    test("at many moments around its start: the work is done exactly once", async () => {
      const { world } = made;
      const command = shellPrograms.appendSlowly("migrated", 50);
      for (let delay = 0; delay < 24; delay += 3) {
        const host = await launch(world);
        const controller = startController(made, host.name, command);
        await says(controller, "about to start");
        await world.clock.sleep(delay);
        await killed(controller);
        const next = await world.provider(2).open("live", host.name);
        await next.startJob({ id: "migration", command, timeoutMs: 60_000 });
        expect(await finished(world, next, "migration")).toMatchObject({ state: "done", code: 0 });
        expect(await linesOf(next, "migrated")).toEqual(["begun", "ended"]);
      }
    });
  });
}

describeCrashes("local", overLocal);
if (findTool("sshd")) describeCrashes("ssh", overSsh);
else test.skip("the control plane is killed, over ssh: no sshd here (sudo apt-get install openssh-server)", () => {});
