/** The contract's part about fencing: a control plane that was replaced changes nothing any more. */
import { expect, test } from "vitest";
import type { Host } from "../../../src/model/host.ts";
import { finished, launch, linesOf, problemOf, record, type HostWorld, type Setting } from "./world.ts";

const timeoutMs = 5_000;

function changes(world: HostWorld, host: Host): Record<string, () => Promise<unknown>> {
  const { programs } = world;
  const command = programs.append("done", "x");
  return {
    exec: () => host.exec(command, { timeoutMs }),
    putFile: () => host.putFile("kept", "stale"),
    putFiles: () => host.putFiles(["kept", "stale"].map((path) => ({ path, data: "stale" }))),
    putTree: () => host.putTree("kept", Buffer.alloc(1024)),
    remove: () => host.remove("kept"),
    startJob: () => host.startJob({ id: "stale", command, timeoutMs }),
    cancelJob: () => host.cancelJob("long"),
    startService: () => host.startService({ name: "stale", command }),
    stopService: () => host.stopService("web", 100),
    setLease: () => host.setLease({ name: "stale", seconds: 0.1, onLapse: command }),
    endLease: () => host.endLease("hold"),
    claim: () => host.claim(),
  };
}

export function describeTokens(world: Setting): void {
  test("every change with an older token is refused, reading is not", async () => {
    const { programs, provider } = world();
    const old = await launch(world(), 5, "fenced");
    const host = await provider(6).open("fenced", old.name);
    await host.putFile("kept", "fresh");
    await host.startService({ name: "web", command: programs.sleep(600_000) });
    await host.startJob({ id: "long", command: programs.sleep(600_000), timeoutMs: 600_000 });
    await host.setLease({ name: "hold", seconds: 600, onLapse: programs.append("done", "x") });
    for (const [name, change] of Object.entries(changes(world(), old))) {
      expect([name, await problemOf(change())]).toEqual([name, "stale-token"]);
    }
    expect(await problemOf(provider(5).retire("fenced", old.name))).toBe("stale-token");
    expect(await problemOf(provider(5).relabel("fenced", old.name, {}))).toBe("stale-token");

    expect(await old.readFile("kept")).toBe("fresh");
    expect(await old.serviceState("web")).toMatchObject({ state: "running" });
    expect(await old.serviceState("stale")).toMatchObject({ state: "absent" });
    expect(await old.jobState("long")).toMatchObject({ state: "running" });
    expect(await old.jobState("stale")).toMatchObject({ state: "absent" });
    expect(await old.leaseState("hold")).toMatchObject({ state: "held" });
    expect(await linesOf(old, "done")).toEqual([]);
    expect((await provider(5).list("fenced")).find(({ name }) => name === old.name)?.labels).toEqual({ slot: "a" });
    await host.cancelJob("long");
    await host.stopService("web", 100);
  });

  test("claiming is enough to shut older ones out, and what they began goes on", async () => {
    const old = await launch(world(), 7, "claimed");
    await old.startJob({ id: "begun", command: world().programs.appendSlowly("ran", 200), timeoutMs });
    const host = await world().provider(8).open("claimed", old.name);
    await host.claim();
    expect(await problemOf(old.claim())).toBe("stale-token");
    expect(await finished(world(), old, "begun")).toMatchObject({ state: "done", code: 0 });
  });

  test("looking is never refused and shuts nobody out", async () => {
    const { programs, provider } = world();
    const old = await launch(world(), 7, "watched");
    const newer = await provider(9).open("watched", old.name);
    const look = { timeoutMs, reading: true } as const;
    await old.startService({ name: "web", command: programs.sleep(600_000) });
    expect(await newer.exec(programs.say("seen"), look)).toMatchObject({ code: 0, stdout: "seen" });
    expect(await newer.exec(programs.copyInput(), { ...look, stdin: "given" })).toMatchObject({ stdout: "given" });
    await Promise.all([newer.serviceState("web"), newer.jobState("none"), newer.leaseState("none")]);
    await Promise.all([newer.readFile("none"), newer.readClock(), provider(9).list("watched")]);
    await old.claim();
    await newer.claim();
    expect(await problemOf(old.exec(programs.say("changed"), { timeoutMs }))).toBe("stale-token");
    expect(await old.exec(programs.say("seen"), look)).toMatchObject({ code: 0, stdout: "seen" });
    await provider(9).retire("watched", old.name);
    expect(await problemOf(old.exec(programs.say("seen"), look))).toBe("not-found");
  });

  test("the last of all tokens cleans up after everybody", async () => {
    const { programs, provider } = world();
    const old = await launch(world(), 3, "ended");
    await old.startService({ name: "web", command: programs.sleep(600_000) });
    await old.startJob({ id: "long", command: programs.sleep(600_000), timeoutMs: 600_000 });
    const last = await provider(Number.MAX_SAFE_INTEGER).open("ended", old.name);
    await last.stopService("web", 100);
    await last.cancelJob("long");
    await last.claim();
    expect(await last.exec(programs.say("ok"), { timeoutMs })).toMatchObject({ code: 0, stdout: "ok" });
    expect(await problemOf(old.claim())).toBe("stale-token");
    await provider(Number.MAX_SAFE_INTEGER).retire("ended", old.name);
    expect(await provider(3).list("ended")).toEqual([]);
    expect(await problemOf(provider(3).retire("ended", old.name))).toBe("stale-token");
    await provider(Number.MAX_SAFE_INTEGER).retire("ended", old.name);
  });

  test("of an environment, the newest token counts for launching too", async () => {
    const { provider } = world();
    const fresh = (name: string) => record(world(), { environment: "launched", name });
    await provider(4).launch(fresh("web-a"));
    expect(await problemOf(provider(3).launch(fresh("web-b")))).toBe("stale-token");
    expect((await provider(3).list("launched")).map(({ name }) => name)).toEqual(["web-a"]);
    await provider(4).retire("launched", "web-a");
  });
}
