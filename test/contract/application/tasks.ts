/** The contract's part about tasks and checks: done once under one id, as the account that is asked for, bounded, and cancelled for good. */
import { expect, test } from "vitest";
import type { Application, Task } from "../../../src/model/application.ts";
import { problemOf } from "../host/world.ts";
import { eventually, installed, type Setting } from "./world.ts";

export function describeTasks(world: Setting): void {
  const job = (id: string, command: string, over: Partial<Task> = {}): Task => ({
    id,
    command,
    timeoutMs: 30_000,
    account: "migration",
    database: { address: "127.0.0.9", port: 3399 },
    inputs: {},
    ...over,
  });
  const ended = (application: Application, id: string) =>
    eventually(world(), `${id} ends`, async () => {
      const seen = await application.task(id);
      return seen.state === "done" && seen;
    });

  test("a migration works in the release's folder, straight at its database, as an account of its own", async () => {
    const { programs, database } = world();
    const application = await installed(world(), { inputs: { COLOUR: "blue", SHADE: "dark" } });
    const variables = {
      DATABASE_HOST: "127.0.0.9",
      DATABASE_PORT: "3399",
      DATABASE_USER: `${database.user}_migrate`,
      ROLE: "migrate",
      COLOUR: "green",
      SHADE: "dark",
    };
    for (const [name, value] of Object.entries(variables)) {
      const id = `m-${name.toLowerCase().replace("_", "-")}`;
      await application.startTask(job(id, programs.printVariable(name), { inputs: { COLOUR: "green" } }));
      expect(await ended(application, id)).toMatchObject({ code: 0, output: value });
    }
    await application.startTask(job("m-folder", programs.append("migrated", "here")));
    await ended(application, "m-folder");
    expect(await world().readRelease(application, "migrated")).toBe("here\n");
  });

  test("another task is the application: its account, and the database that the release was installed with", async () => {
    const { programs, database } = world();
    const application = await installed(world(), { database: { address: "127.0.0.5", port: 3306 } });
    const variables = { DATABASE_HOST: "127.0.0.5", DATABASE_USER: database.user, COLOUR: "blue" };
    for (const [name, value] of Object.entries(variables)) {
      const id = `t-${name.toLowerCase().replace("_", "-")}`;
      const command = programs.printVariable(name);
      await application.startTask(job(id, command, { account: "application", database: null }));
      expect(await ended(application, id)).toMatchObject({ code: 0, output: value });
    }
  });

  test("a check is null when it ends well in time; else it says how it ended and what it printed", async () => {
    const { programs } = world();
    const application = await installed(world());
    const check = (run: string, seconds = 5) => application.runCheck({ run, seconds });
    expect(await check(programs.append("checked", "here"))).toBeNull();
    expect(await world().readRelease(application, "checked")).toBe("here\n");
    expect(await check(programs.sayThenExit("no room", 3))).toMatch(/ended with 3: no room$/);
    expect(await check(programs.sleep(20_000), 0.3)).toMatch(/ended with 124: /);
    expect(await problemOf((await world().launch()).runCheck({ run: programs.say("x"), seconds: 1 }))).toBe("refused");
  });

  test("the same id attaches: it is done once, and its code and its words are kept", async () => {
    const { programs } = world();
    const application = await installed(world());
    const slow = job("m-1", programs.appendSlowly("ran", 200));
    await application.startTask(slow);
    await application.startTask(slow);
    expect((await application.task("m-1")).state).toBe("running");
    const first = await ended(application, "m-1");
    expect(first).toMatchObject({ code: 0, timedOut: false, cancelled: false, began: true });
    await application.startTask(slow);
    expect(await application.task("m-1")).toEqual(first);
    expect(await world().readRelease(application, "ran")).toBe("begun\nended\n");
    await application.startTask(job("m-2", programs.sayThenExit("half done", 4)));
    expect(await ended(application, "m-2")).toMatchObject({ code: 4, output: expect.stringContaining("half done") });
  });

  test("it is cut off at its limit, or cancelled, for good", async () => {
    const { programs } = world();
    const application = await installed(world());
    await application.startTask(job("m-1", programs.appendSlowly("ran", 20_000), { timeoutMs: 300 }));
    expect(await ended(application, "m-1")).toMatchObject({ timedOut: true, cancelled: false, began: true });
    const endless = job("m-2", programs.appendSlowly("ran", 20_000));
    await application.startTask(endless);
    await application.cancelTask("m-2");
    const cancelled = await application.task("m-2");
    expect(cancelled).toMatchObject({ state: "done", timedOut: false, cancelled: true, began: true });
    await application.startTask(endless);
    await application.cancelTask("m-2");
    expect(await application.task("m-2")).toEqual(cancelled);
    expect(await world().readRelease(application, "ran")).not.toContain("ended");
  });

  test("one that was cancelled before it began never begins", async () => {
    const application = await installed(world());
    await application.cancelTask("m-1");
    await application.startTask(job("m-1", world().programs.append("ran", "it did")));
    expect(await ended(application, "m-1")).toMatchObject({ cancelled: true, began: false, output: "" });
    await world().clock.sleep(200);
    expect(await world().readRelease(application, "ran")).toBeNull();
  });
}
