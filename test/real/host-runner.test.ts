/** What only real processes can show: half-made jobs, secrets out of sight, signals, processes that hide. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Host } from "../../src/model/host.ts";
import { createLocalProvider } from "../../src/providers/local/provider.ts";
import { freshHome, processesOf, realWorld, shellPrograms } from "../contract/host/real-world.ts";
import { beating, eventually, exec, finished, type HostWorld, launch, linesOf } from "../contract/host/world.ts";

const timeoutMs = 30_000;
let home: string;
let world: HostWorld;

beforeAll(() => {
  home = freshHome();
  world = realWorld({ folder: home, home, make: (token) => createLocalProvider({ directory: home, token }) });
});
afterAll(() => world?.close());

/** The very line that the provider sends, so that it can be killed between any two of its commands. */
function jobStart(host: Host, id: string, definition: string, bytes = definition.length): ChildProcess {
  const [runner = ""] = readdirSync(join(home, ".changeover")).filter((name) => name.endsWith(".sh"));
  const words = [join(home, ".changeover", runner), "job-start", host.directory, "1", `${bytes}`, id, "3000"];
  const child = spawn("sh", words, { stdio: ["pipe", "ignore", "ignore"] });
  child.stdin?.on("error", () => {});
  child.stdin?.end(definition);
  return child;
}

test("a folder of a job that never began is no job, and starting it begins it once", async () => {
  const host = await launch(world);
  mkdirSync(join(host.directory, ".changeover/jobs/half"));
  expect(await host.jobState("half")).toEqual({ state: "absent" });
  await host.startJob({ id: "half", command: shellPrograms.append("ran", "x"), timeoutMs });
  expect(await finished(world, host, "half")).toMatchObject({ state: "done", code: 0 });
  expect(await linesOf(host, "ran")).toEqual(["x"]);
});

test("a start that is killed at any moment leaves a job that ran once or can be started", async () => {
  const host = await launch(world);
  const command = shellPrograms.append("ran", "x");
  const definition = `changeover_cwd='${host.directory}'\nchangeover_command=${quote(command)}\nchangeover_seconds=30\nchangeover_whole=yes\n`;
  for (let round = 0; round < 30; round += 1) {
    const id = `killed-${round}`;
    const starter = jobStart(host, id, definition);
    const gone = once(starter, "exit");
    await world.clock.sleep(round / 2);
    starter.kill("SIGKILL");
    await gone;
    await host.startJob({ id, command, timeoutMs });
    expect([id, await finished(world, host, id)]).toMatchObject([id, { state: "done", code: 0 }]);
  }
  expect((await linesOf(host, "ran")).length).toBe(30);
});

test("a job that is cancelled before its process has become the command never becomes it", async () => {
  const host = await launch(world);
  const command = `changeover_command=${quote(shellPrograms.append("ran", "x"))}`;
  const end = "changeover_seconds=30\nchangeover_whole=yes\n";
  // What is read first stretches that moment, which lasts no longer than a start of a process, to half a minute.
  const starter = jobStart(host, "early", `: >>said\nsleep 30\nchangeover_cwd='${host.directory}'\n${command}\n${end}`);
  await once(starter, "exit");
  await eventually(world, async () => (await host.readFile("said")) !== null);
  expect(await host.jobState("early")).toMatchObject({ state: "running" });
  await host.cancelJob("early");
  expect(processesOf(host.directory)).toEqual([]);
  expect(await host.jobState("early")).toMatchObject({ state: "done", cancelled: true, began: true });
  await world.clock.sleep(200);
  expect(await linesOf(host, "ran")).toEqual([]);
});

test("what a control plane had not sent wholly when it died is not used", async () => {
  const host = await launch(world);
  const definition = `changeover_cwd='${host.directory}'\nchangeover_command=${quote(shellPrograms.append("ran", "x"))}\n`;
  for (const [name, promised] of [
    ["cut", definition.length + 10],
    ["long", definition.length - 10],
  ] as const) {
    expect([name, await once(jobStart(host, name, definition, promised), "exit")]).toEqual([name, [113, null]]);
    expect(await host.jobState(name)).toEqual({ state: "absent" });
  }
  await world.clock.sleep(100);
  expect(await linesOf(host, "ran")).toEqual([]);
});

test("another process with the pid of a job's is not the job", async () => {
  const host = await launch(world);
  const job = join(host.directory, ".changeover/jobs/reused");
  mkdirSync(job);
  writeFileSync(join(job, "process"), `${process.pid} 1 another-boot\n`);
  expect(await host.jobState("reused")).toEqual({ state: "lost", output: "" });
});

test("what is secret is in no command line and no file that others may read", async () => {
  const host = await launch(world);
  const env = { PASSWORD: "canary-4711" };
  const command = `${shellPrograms.sleep(600_000)}; :`;
  await host.startJob({ id: "secret", command, env, timeoutMs });
  await host.startService({ name: "secret", command, env });
  const running = host.exec("cat; sleep 1", { timeoutMs: 5_000, env, stdin: "canary-4711" });
  await world.clock.sleep(150);
  expect(commandLines().filter((line) => line.includes("canary-4711"))).toEqual([]);
  expect((await running).stdout).toBe("canary-4711");
  const state = join(host.directory, ".changeover");
  expect(statSync(state).mode & 0o077).toBe(0);
  for (const folder of ["jobs/secret", "services/secret"]) {
    expect(statSync(join(state, folder, "definition")).mode & 0o077).toBe(0);
  }
  await host.cancelJob("secret");
  await host.stopService("secret", 100);
});

test("nothing of the control plane's own environment comes along", async () => {
  const host = await launch(world);
  process.env.CHANGEOVER_TEST_DATABASE_URL = "postgres://canary-4712";
  const seen = await exec(host, "env");
  delete process.env.CHANGEOVER_TEST_DATABASE_URL;
  expect(seen.stdout).toContain("PATH=");
  expect(seen.stdout).not.toContain("canary-4712");
});

test("a service hears TERM, and has its grace to finish", async () => {
  const host = await launch(world);
  const command = "trap 'sleep 0.2; echo bye >>said; exit 0' TERM; echo hello >>said; while :; do sleep 0.05; done";
  await host.startService({ name: "polite", command });
  await eventually(world, async () => (await linesOf(host, "said")).includes("hello"));
  await host.stopService("polite", 10_000);
  expect(await linesOf(host, "said")).toEqual(["hello", "bye"]);
});

test("a service that ignores TERM is killed after its grace", async () => {
  const host = await launch(world);
  await host.startService({ name: "deaf", command: "trap '' TERM; echo up >>said; while :; do sleep 0.05; done" });
  await eventually(world, async () => (await linesOf(host, "said")).includes("up"));
  await host.stopService("deaf", 300);
  expect(processesOf(host.directory)).toEqual([]);
});

test("a service hears INT too, which background processes of a shell do not", async () => {
  const host = await launch(world);
  const command = "trap 'echo int >>said; exit 0' INT; echo up >>said; while :; do sleep 0.05; done";
  await host.startService({ name: "web", command });
  await eventually(world, async () => (await linesOf(host, "said")).includes("up"));
  const { pid } = await host.serviceState("web");
  await exec(host, `kill -INT ${pid}`);
  await eventually(world, async () => (await linesOf(host, "said")).includes("int"));
});

test("retiring finds a child that cleared its environment and left its session", async () => {
  const host = await launch(world);
  const shared = await launch(world);
  const hidden = `env -i F=${shared.directory}/beats setsid sh -c 'while :; do echo x >>$F; /bin/sleep 0.02; done'`;
  await host.startService({ name: "hides", command: `${hidden}; :` });
  await beating(world, shared, "beats");
  await world.provider().retire("live", host.name);
  const before = (await linesOf(shared, "beats")).length;
  await world.clock.sleep(200);
  expect((await linesOf(shared, "beats")).length).toBe(before);
  expect(existsSync(host.directory)).toBe(false);
});

test("modes are kept, and nothing is left beside a file", async () => {
  const host = await launch(world);
  await host.putFile("conf/a", "1", 0o640);
  await host.putFile("conf/a", "2", 0o600);
  expect(statSync(join(host.directory, "conf/a")).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(host.directory, "conf"))).toEqual(["a"]);
});

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function commandLines(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "latin1");
      } catch {
        return "";
      }
    });
}
