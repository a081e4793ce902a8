/** The contract's part about services: kept running, found again, ended whole. */
import { expect, test } from "vitest";
import { beating, beats, eventually, exec, launch, linesOf, problemOf, type Setting } from "./world.ts";

export function describeServices(world: Setting): void {
  const forEver = () => world().programs.sleep(600_000);

  test("a service runs, and starting it again with the same definition changes nothing", async () => {
    const host = await launch(world());
    expect(await host.serviceState("web")).toEqual({ state: "absent", pid: null, restarts: 0, tail: "" });
    const service = { name: "web", command: forEver(), env: { A: "1" } };
    await host.startService(service);
    const before = await host.serviceState("web");
    expect(before).toMatchObject({ state: "running", restarts: 0 });
    await (await world().provider(2).open("live", host.name)).startService(service);
    expect(await host.serviceState("web")).toEqual(before);
  });

  test("with another definition it is started anew", async () => {
    const host = await launch(world());
    await host.startService({ name: "web", command: world().programs.beatBehind("beats") });
    await beating(world(), host, "beats");
    const { pid } = await host.serviceState("web");
    await host.startService({ name: "web", command: forEver(), env: { A: "2" } });
    const after = await host.serviceState("web");
    expect(after).toMatchObject({ state: "running", restarts: 0 });
    expect(after.pid).not.toBe(pid);
    expect(await beats(world(), host, "beats")).toBe(false);
  });

  test("killed, it is started again", async () => {
    const host = await launch(world());
    await host.startService({ name: "web", command: forEver() });
    const { pid } = await host.serviceState("web");
    await exec(host, world().programs.kill(pid ?? 0));
    const after = await eventually(world(), async () => {
      const seen = await host.serviceState("web");
      return seen.state === "running" && seen.pid !== pid && seen;
    });
    expect(after.restarts).toBe(1);
  });

  test("one that dies at once is failing, and its log says why", async () => {
    const host = await launch(world());
    await host.startService({ name: "web", command: world().programs.sayThenExit("no such file", 1) });
    const seen = await eventually(world(), async () => {
      const now = await host.serviceState("web");
      return now.state === "failing" && now.restarts > 1 && now;
    });
    expect(seen.pid).toBeNull();
    expect(seen.tail).toContain("no such file");
    // What fails is replaced like any other.
    await host.startService({ name: "web", command: forEver() });
    expect(await host.serviceState("web")).toMatchObject({ state: "running", restarts: 0 });
  });

  test("it has its variables and its folder", async () => {
    const host = await launch(world());
    await host.putFile("release/x", "");
    await host.startService({ name: "a", command: world().programs.printVariable("A"), env: { A: "it's 1" } });
    await host.startService({ name: "b", command: world().programs.printFolder(), cwd: "release" });
    await eventually(world(), async () => (await host.serviceState("a")).tail.includes("it's 1"));
    await eventually(world(), async () => (await host.serviceState("b")).tail.includes(`${host.directory}/release`));
  });

  test("stopping ends everything it started, and it stays stopped", async () => {
    const host = await launch(world());
    await host.stopService("web", 1_000);
    await host.startService({ name: "web", command: world().programs.beatBehind("beats") });
    await beating(world(), host, "beats");
    await host.stopService("web", 2_000);
    await host.stopService("web", 2_000);
    expect(await host.serviceState("web")).toMatchObject({ state: "stopped", pid: null });
    expect(await beats(world(), host, "beats")).toBe(false);
    await host.startService({ name: "web", command: world().programs.beatBehind("beats") });
    expect(await host.serviceState("web")).toMatchObject({ state: "running" });
  });

  test("what does not hear TERM is killed after its grace", async () => {
    const host = await launch(world());
    await host.startService({ name: "web", command: world().programs.deaf("beats") });
    await beating(world(), host, "beats");
    await host.stopService("web", 300);
    expect(await host.serviceState("web")).toMatchObject({ state: "stopped", pid: null });
    expect(await beats(world(), host, "beats")).toBe(false);
  });

  test("it is not stopped while anything of it lives, and another stop finishes what was broken off", async () => {
    const host = await launch(world());
    await host.startService({ name: "web", command: world().programs.deaf("beats") });
    await beating(world(), host, "beats");
    const stopping = problemOf(host.stopService("web", 600_000));
    const asked = await eventually(world(), async () => {
      const seen = await host.serviceState("web");
      return seen.tail.includes("asked to stop, but still alive") && seen;
    });
    expect(asked).toMatchObject({ state: "failing", pid: null });
    await world().loseStoppers(host);
    expect(await stopping).not.toBe("none");
    expect(await beats(world(), host, "beats")).toBe(true);
    expect(await host.serviceState("web")).toMatchObject({ state: "failing", pid: null });
    const next = await world().provider(2).open("live", host.name);
    await next.stopService("web", 100);
    const after = await host.serviceState("web");
    expect(after).toMatchObject({ state: "stopped", pid: null });
    expect(after.tail).not.toContain("still alive");
    expect(await beats(world(), host, "beats")).toBe(false);
  });

  test("when its server dies that is seen, and starting brings it back", async () => {
    const host = await launch(world());
    const service = { name: "web", command: forEver() };
    await host.startService(service);
    await world().crash(host);
    expect(await host.serviceState("web")).toMatchObject({ state: "failing", pid: null });
    await host.startService(service);
    expect(await host.serviceState("web")).toMatchObject({ state: "running", restarts: 0 });
  });

  test("two services of a server do not disturb each other", async () => {
    const host = await launch(world());
    await host.startService({ name: "web", command: forEver() });
    await host.startService({ name: "worker", command: world().programs.beatBehind("beats") });
    await beating(world(), host, "beats");
    const web = await host.serviceState("web");
    await host.stopService("worker", 1_000);
    expect(await host.serviceState("web")).toEqual(web);
    expect((await linesOf(host, "beats")).length).toBeGreaterThan(0);
  });
}
