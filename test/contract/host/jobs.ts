/** The contract's part about jobs: once, findable, bounded, final. */
import { expect, test } from "vitest";
import { beating, beats, eventually, finished, launch, linesOf, problemOf, type Setting } from "./world.ts";

const timeoutMs = 30_000;

export function describeJobs(world: Setting): void {
  test("a job runs, keeps its output and code, and starting it again attaches", async () => {
    const host = await launch(world());
    const { programs } = world();
    expect(await host.jobState("once")).toEqual({ state: "absent" });
    await host.startJob({ id: "once", command: programs.sayThenExit("done it", 3), timeoutMs });
    const first = await finished(world(), host, "once");
    expect(first).toMatchObject({ state: "done", code: 3, timedOut: false, cancelled: false, began: true });
    expect("output" in first && first.output.trim()).toBe("done it");
    await host.startJob({ id: "once", command: programs.append("ran", "twice"), timeoutMs });
    expect(await host.jobState("once")).toEqual(first);
    expect(await linesOf(host, "ran")).toEqual([]);
  });

  test("it has its variables and its folder", async () => {
    const host = await launch(world());
    const { programs } = world();
    await host.putFile("release/x", "");
    await host.startJob({ id: "a", command: programs.printVariable("A"), env: { A: "it's 1" }, timeoutMs });
    await host.startJob({ id: "b", command: programs.printFolder(), cwd: "release", timeoutMs });
    expect(await finished(world(), host, "a")).toMatchObject({ code: 0, output: "it's 1" });
    const there = await finished(world(), host, "b");
    expect("output" in there && there.output.trim()).toBe(`${host.directory}/release`);
  });

  test("starts that race run it once", async () => {
    const host = await launch(world());
    const job = { id: "race", command: world().programs.appendSlowly("ran", 100), timeoutMs };
    const other = await world().provider().open("live", host.name);
    await Promise.all([host, other, host, other, host].map((each) => each.startJob(job)));
    expect(await finished(world(), host, "race")).toMatchObject({ code: 0 });
    expect(await linesOf(host, "ran")).toEqual(["begun", "ended"]);
  });

  test("another control plane finds it running and sees it end", async () => {
    const host = await launch(world());
    await host.startJob({ id: "long", command: world().programs.appendSlowly("ran", 300), timeoutMs });
    const found = await world().provider(2).open("live", host.name);
    const seen = await found.jobState("long");
    expect(seen.state).toBe("running");
    expect("sinceMs" in seen && seen.sinceMs).toBeLessThanOrEqual(await found.readClock());
    expect(await finished(world(), found, "long")).toMatchObject({ state: "done", code: 0 });
  });

  test("over its limit it is killed with everything it started, though nobody looks", async () => {
    const host = await launch(world());
    await host.startJob({ id: "hangs", command: world().programs.beatBehind("beats"), timeoutMs: 500 });
    await beating(world(), host, "beats");
    expect(await finished(world(), host, "hangs")).toMatchObject({ state: "done", timedOut: true, cancelled: false });
    expect(await beats(world(), host, "beats")).toBe(false);
  });

  test("cancelling ends everything it started and is final", async () => {
    const host = await launch(world());
    const job = { id: "stop-me", command: world().programs.beatBehind("beats"), timeoutMs };
    await host.startJob(job);
    await beating(world(), host, "beats");
    await host.cancelJob("stop-me");
    const after = await host.jobState("stop-me");
    expect(after).toMatchObject({ state: "done", timedOut: false, cancelled: true, began: true });
    expect("code" in after && after.code).not.toBe(0);
    expect(await beats(world(), host, "beats")).toBe(false);
    await host.startJob(job);
    await host.cancelJob("stop-me");
    expect(await host.jobState("stop-me")).toEqual(after);
  });

  test("an id that was cancelled before it began never begins", async () => {
    const host = await launch(world());
    const job = { id: "never", command: world().programs.append("ran", "x"), timeoutMs };
    await host.cancelJob("never");
    const cancelled = await host.jobState("never");
    expect(cancelled).toMatchObject({ state: "done", timedOut: false, cancelled: true, began: false, output: "" });
    expect("code" in cancelled && cancelled.code).not.toBe(0);
    await host.startJob(job);
    await (await world().provider(2).open("live", host.name)).startJob(job);
    await world().clock.sleep(200);
    expect(await host.jobState("never")).toEqual(cancelled);
    expect(await linesOf(host, "ran")).toEqual([]);
  });

  test("a start that was on its way comes too late when a newer control plane has cancelled its id", async () => {
    const old = await launch(world(), 4, "delayed");
    const job = { id: "migration", command: world().programs.append("ran", "x"), timeoutMs };
    const host = await world().provider(5).open("delayed", old.name);
    expect(await host.jobState("migration")).toEqual({ state: "absent" });
    await host.cancelJob("migration");
    expect(await problemOf(old.startJob(job))).toBe("stale-token");
    expect(await problemOf(old.startJob({ ...job, id: "another" }))).toBe("stale-token");
    await world().clock.sleep(200);
    expect(await host.jobState("migration")).toMatchObject({ state: "done", cancelled: true, began: false });
    expect(await linesOf(host, "ran")).toEqual([]);
  });

  test("cancelling what is done leaves its result", async () => {
    const host = await launch(world());
    await host.startJob({ id: "quick", command: world().programs.say("ok"), timeoutMs });
    await finished(world(), host, "quick");
    await host.cancelJob("quick");
    expect(await host.jobState("quick")).toMatchObject({ state: "done", code: 0, cancelled: false });
  });

  test("of a long output the end is given", async () => {
    const host = await launch(world());
    await host.startJob({ id: "talks", command: world().programs.flood(200_000), timeoutMs });
    const seen = await finished(world(), host, "talks");
    if (!("output" in seen)) throw new Error(seen.state);
    expect(seen.output.length).toBe(65_536);
    expect(seen.output.trimEnd().endsWith("end")).toBe(true);
  });

  test("when its server dies it is lost, and is not begun again", async () => {
    const host = await launch(world());
    const job = { id: "unlucky", command: world().programs.appendSlowly("ran", 5_000), timeoutMs };
    await host.startJob(job);
    await eventually(world(), async () => (await linesOf(host, "ran")).length === 1);
    await world().crash(host);
    expect(await host.jobState("unlucky")).toMatchObject({ state: "lost" });
    await host.startJob(job);
    expect(await host.jobState("unlucky")).toMatchObject({ state: "lost" });
    expect(await linesOf(host, "ran")).toEqual(["begun"]);
  });

  test("a bad id is refused", async () => {
    const host = await launch(world());
    for (const id of ["", "../x", "A", "a b", "a".repeat(101)]) {
      expect([id, await problemOf(host.startJob({ id, command: "x", timeoutMs }))]).toEqual([id, "bad-input"]);
    }
  });
}
