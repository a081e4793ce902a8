/** The contract's part about a release on disk: whole or not there, and running processes are left alone. */
import { expect, test } from "vitest";
import { problemOf } from "../host/world.ts";
import { answers, get, installed, release, type Setting } from "./world.ts";

const fetchedTwice = async (): Promise<never> => {
  throw new Error("fetched twice");
};

export function describeInstalling(world: Setting): void {
  test("on a bare server nothing is installed, and nothing can be started", async () => {
    const bare = await world().launch();
    expect(await bare.installed()).toBeNull();
    expect(await problemOf(bare.start("web"))).toBe("refused");
    const command = world().programs.say("x");
    const task = { id: "t-1", command, timeoutMs: 1_000, account: "application", database: null, inputs: {} } as const;
    expect(await problemOf(bare.startTask(task))).toBe("refused");
    expect(await bare.task("t-1")).toEqual({ state: "absent" });
    expect((await bare.state("web")).state).toBe("absent");
    await bare.stop("web", 100);
    expect(await bare.probe(get("/"), 500)).toMatch(/^no answer to GET \//);
  });

  test("installed once it is known; again, it is neither fetched nor prepared anew", async () => {
    const application = await world().launch();
    let fetched = 0;
    const tar = () => {
      fetched += 1;
      return world().tar();
    };
    const first = release(world());
    await application.install(first, tar);
    await application.install(first, tar);
    expect(await application.installed()).toEqual(first);
    const second = release(world(), { inputs: { COLOUR: "green" }, database: { address: "127.0.0.2", port: 3307 } });
    await application.install(second, tar);
    expect(await application.installed()).toEqual(second);
    expect(fetched).toBe(1);
    expect(await world().readRelease(application, "prepared")).toBe("once\n");
    const third = release(world(), { release: "2024.2", artefact: "b".repeat(64) });
    await application.install(third, tar);
    expect([await application.installed(), fetched]).toEqual([third, 2]);
    expect(await world().readRelease(application, "prepared")).toBe("once\n");
  });

  test("a release that did not arrive whole counts as none, also where another one was", async () => {
    const application = await installed(world());
    const { programs } = world();
    const next = release(world(), { artefact: "b".repeat(64) });
    const lost = async () => {
      throw new Error("the artefact is gone");
    };
    await expect(application.install(next, lost)).rejects.toThrow("the artefact is gone");
    expect(await application.installed()).toBeNull();
    const unprepared = { ...next, prepare: programs.sayThenExit("no room", 3) };
    expect(await problemOf(application.install(unprepared, world().tar))).toBe("step-failed");
    expect(await application.installed()).toBeNull();
    const unsupported = { ...next, runtime: { path: null, check: programs.sayThenExit("too old", 1) } };
    expect(await problemOf(application.install(unsupported, world().tar))).toBe("missing-tool");
    expect(await application.installed()).toBeNull();
    expect(await problemOf(application.start("web"))).toBe("refused");
    await application.install(next, world().tar);
    expect(await application.installed()).toEqual(next);
  });

  test("what was brought beside a release is installed without being fetched again; forgotten, it is fetched", async () => {
    const application = await installed(world());
    const next = release(world(), { release: "2024.2", artefact: "b".repeat(64) });
    const before = await application.installed();
    await application.bring(next.artefact, world().tar);
    await application.bring(next.artefact, fetchedTwice);
    expect([await application.brought(), await application.installed()]).toEqual([next.artefact, before]);
    await application.install(next, fetchedTwice);
    expect([await application.brought(), await application.installed()]).toEqual([null, next]);
    expect(await world().readRelease(application, "prepared")).toBe("once\n");
    const third = release(world(), { release: "2024.3", artefact: "c".repeat(64) });
    await application.bring(third.artefact, world().tar);
    await application.forgetBrought();
    await application.forgetBrought();
    expect(await application.brought()).toBeNull();
    await expect(application.install(third, fetchedTwice)).rejects.toThrow("fetched twice");
  });

  test("a process that runs goes on as it was until its role is started again", async () => {
    const application = await installed(world());
    await application.start("web");
    await answers(world(), application, "RELEASE", "2024.1");
    const before = await application.state("web");
    await application.install(release(world(), { release: "2024.2", artefact: "b".repeat(64) }), world().tar);
    expect((await application.state("web")).pid).toBe(before.pid);
    await answers(world(), application, "RELEASE", "2024.1");
    await application.start("web");
    await answers(world(), application, "RELEASE", "2024.2");
    await application.stop("web", 1_000);
  });
}
