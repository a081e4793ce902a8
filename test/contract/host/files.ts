/** The contract's part about commands and files. */
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import { expect, test } from "vitest";
import { beating, beats, exec, launch, linesOf, problemOf, type Setting } from "./world.ts";

async function tarOf(files: Record<string, string>): Promise<Buffer> {
  const archive = pack();
  for (const [name, text] of Object.entries(files)) archive.entry({ name }, text);
  archive.finalize();
  return buffer(Readable.from(archive));
}

export function describeCommands(world: Setting): void {
  test("a command gives its output, its code, and reads its input and variables", async () => {
    const host = await launch(world());
    const { programs } = world();
    const said = await host.exec(programs.sayThenExit("hello", 7), { timeoutMs: 5_000 });
    expect({ code: said.code, out: said.stdout.trim() }).toEqual({ code: 7, out: "hello" });
    const copied = await host.exec(programs.copyInput(), { timeoutMs: 5_000, stdin: "two\nlines\n" });
    expect(copied).toEqual({ code: 0, stdout: "two\nlines\n", stderr: "" });
    const env = { HARD: 'it\'s a "$HOME" `x` \\ \n second line' };
    const printed = await host.exec(programs.printVariable("HARD"), { timeoutMs: 5_000, env });
    expect(printed.stdout).toBe(env.HARD);
  });

  test("a command works in the server's directory, or in a folder of it", async () => {
    const host = await launch(world());
    await host.putFile("deep/er/file", "x");
    const { programs } = world();
    expect((await exec(host, programs.printFolder())).stdout.trim()).toBe(host.directory);
    const deep = await host.exec(programs.printFolder(), { timeoutMs: 5_000, cwd: "deep/er" });
    expect(deep.stdout.trim()).toBe(`${host.directory}/deep/er`);
    const nowhere = await host.exec(programs.printFolder(), { timeoutMs: 5_000, cwd: "nowhere" });
    expect(nowhere.code).not.toBe(0);
  });

  test("a command that is over its limit is killed with everything it started", async () => {
    const host = await launch(world());
    const result = await host.exec(world().programs.beatBehind("beats"), { timeoutMs: 400 });
    expect(result.code).toBe(124);
    expect(await beating(world(), host, "beats")).toBe(true);
    expect(await beats(world(), host, "beats")).toBe(false);
  });
}

export function describeFiles(world: Setting): void {
  test("a file is written with its folders, replaced, read, and removed", async () => {
    const host = await launch(world());
    await host.putFile("conf/app.conf", "one\n");
    await host.putFile("conf/app.conf", Buffer.from("zwölf\n"), 0o600);
    expect(await host.readFile("conf/app.conf")).toBe("zwölf\n");
    expect(await host.readFile("conf/other")).toBeNull();
    await host.remove("conf");
    await host.remove("conf");
    expect(await host.readFile("conf/app.conf")).toBeNull();
  });

  test("several files are written together, of any size and name, or none of them", async () => {
    const host = await launch(world());
    const long = "x".repeat(20_000);
    await host.putFiles([
      { path: "conf/a b.conf", data: "one\n\n" },
      { path: "conf/empty", data: "" },
      { path: "conf/zwölf", data: Buffer.from(long), mode: 0o600 },
    ]);
    const read = await Promise.all(["conf/a b.conf", "conf/empty", "conf/zwölf"].map((path) => host.readFile(path)));
    expect(read).toEqual(["one\n\n", "", long]);
    const refused = host.putFiles([
      { path: "conf/empty", data: "two" },
      { path: "../other", data: "two" },
    ]);
    expect([await problemOf(refused), await host.readFile("conf/empty")]).toEqual(["refused", ""]);
    await host.putFiles([]);
  });

  test("a tree replaces all that was there", async () => {
    const host = await launch(world());
    await host.putTree("release", await tarOf({ "old.txt": "old", "deep/a.txt": "1" }));
    await host.putTree("release", await tarOf({ "deep/a.txt": "2" }));
    expect(await host.readFile("release/deep/a.txt")).toBe("2");
    expect(await host.readFile("release/old.txt")).toBeNull();
  });

  test("a tree that is not held in memory is read whenever it is sent", async () => {
    const host = await launch(world());
    const tar = await tarOf({ "large.txt": "x".repeat(1_000_000), "a.txt": "1" });
    let opened = 0;
    const open = () => {
      opened += 1;
      return Readable.from([tar.subarray(0, 70_000), tar.subarray(70_000)]);
    };
    for (const path of ["one", "two"]) {
      await host.putTree(path, { bytes: tar.length, open });
      expect(await host.readFile(`${path}/a.txt`)).toBe("1");
    }
    expect(opened).toBe(2);
  });

  test("a source that breaks off leaves the tree as it was", async () => {
    const host = await launch(world());
    const tar = await tarOf({ "a.txt": "2", "b.txt": "x".repeat(200_000) });
    await host.putTree("release", await tarOf({ "a.txt": "1" }));
    async function* broken() {
      yield tar.subarray(0, 100_000);
      throw new Error("the disk is gone");
    }
    const sending = host.putTree("release", { bytes: tar.length, open: () => Readable.from(broken()) });
    await expect(sending).rejects.toThrow();
    expect(await host.readFile("release/a.txt")).toBe("1");
    expect(await host.readFile("release/b.txt")).toBeNull();
  });

  test("what is no tar leaves the tree as it was", async () => {
    const host = await launch(world());
    await host.putTree("release", await tarOf({ "a.txt": "1" }));
    await expect(host.putTree("release", Buffer.from("this is no tar at all".repeat(100)))).rejects.toThrow();
    expect(await host.readFile("release/a.txt")).toBe("1");
  });

  test("paths that leave the directory are refused", async () => {
    const host = await launch(world());
    for (const path of ["/etc/hosts", "../other/file", "a/../../b", "", ".", "server.json", ".changeover/token"]) {
      expect([path, await problemOf(host.putFile(path, "x"))]).toEqual([path, "refused"]);
      expect([path, await problemOf(host.readFile(path))]).toEqual([path, "refused"]);
      expect([path, await problemOf(host.remove(path))]).toEqual([path, "refused"]);
      expect([path, await problemOf(host.putTree(path, Buffer.alloc(1024)))]).toEqual([path, "refused"]);
    }
    expect(await linesOf(host, "b")).toEqual([]);
  });
}
