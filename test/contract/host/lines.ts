/** The contract's part about lines of logs: each is counted once, however it is looked at. */
import { expect, test } from "vitest";
import { eventually, exec, launch, type Setting } from "./world.ts";

const asked = (from: string | null, over: { pattern?: string; bytesMax?: number } = {}) => ({
  ...{ pattern: "^error [0-9]+$", bytesMax: 65_536, ...over },
  from,
});

export function describeLines(world: Setting): void {
  test("only what came since the last look is counted, and only what matches", async () => {
    const host = await launch(world());
    const log = { file: "deep/app.log" };
    await host.putFile("deep/here", "");
    expect(await host.countLines(log, asked(null))).toMatchObject({ lines: 0, atLeast: false });
    const first = await host.countLines(log, asked(null));
    const append = (text: string) => exec(host, world().programs.append("deep/app.log", text));
    await append("error 1");
    await append("all is well");
    // It was not there at the first look: then everything in it is new.
    const second = await host.countLines(log, asked(first.place));
    expect(second).toMatchObject({ lines: 1, atLeast: false });
    expect((await host.countLines(log, asked(second.place))).lines).toBe(0);
    await append("error 2");
    await append("error 3");
    const third = await host.countLines(log, asked(second.place));
    expect(third.lines).toBe(2);
    expect((await host.countLines(log, asked(null))).lines).toBe(0);
    expect(await host.countLines(log, asked(null))).toMatchObject({ place: third.place });
  });

  test("a line counts when it is whole, and a pattern may have every sign of the shell", async () => {
    const host = await launch(world());
    await host.putFile("log", "");
    const { place } = await host.countLines({ file: "log" }, asked(null));
    await host.putFile("log", "a 'b' $c `d` -e \\ \"f\"\nerror 4");
    const pattern = "^a 'b' \\$c `d` -e . \"f\"$";
    expect((await host.countLines({ file: "log" }, asked(place, { pattern }))).lines).toBe(1);
    const cut = await host.countLines({ file: "log" }, asked("0:0"));
    expect(cut.lines).toBe(0);
    await exec(host, world().programs.append("log", ""));
    expect((await host.countLines({ file: "log" }, asked(cut.place))).lines).toBe(1);
  });

  test("of more than may be looked at the end is, and it says so", async () => {
    const host = await launch(world());
    await host.putFile("log", "");
    await host.putFile("log", "error 12345\n".repeat(1_000));
    const seen = await host.countLines({ file: "log" }, asked("0:0", { bytesMax: 1_200 }));
    expect(seen).toMatchObject({ lines: 100, atLeast: true });
    expect((await host.countLines({ file: "log" }, asked(seen.place))).lines).toBe(0);
  });

  test("what a service prints is counted, also over its restarts", async () => {
    const host = await launch(world());
    const log = { service: "web" };
    const { place } = await host.countLines(log, asked(null));
    await host.startService({ name: "web", command: world().programs.sayThenExit("error 5", 1) });
    await eventually(world(), async () => (await host.countLines(log, asked(place))).lines >= 2);
    await host.stopService("web", 0);
    const after = await host.countLines(log, asked(place));
    expect((await host.countLines(log, asked(after.place))).lines).toBe(0);
  });

  test("a log that was cut in place is not counted twice", async () => {
    const host = await launch(world());
    await host.putFile("log", "error 6\n".repeat(50));
    const [inode = "", size] = (await host.countLines({ file: "log" }, asked(null))).place.split(":");
    const beyond = `${inode}:${Number(size) + 1_000}`;
    expect((await host.countLines({ file: "log" }, asked(beyond))).lines).toBeLessThanOrEqual(50);
  });
}
