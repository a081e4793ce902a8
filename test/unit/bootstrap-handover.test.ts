/** The program started by the bootstrap gets its signals once and its ending is passed on. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { exitCodeOf, inForeground, pathFor } from "../../bootstrap/handover.js";

const handover = new URL("../../bootstrap/handover.js", import.meta.url).href;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bootstrap-handover-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Starts a program behind the hand-over, away from any terminal. */
function start(program: string) {
  const file = join(folder, "program.mjs");
  writeFileSync(file, program);
  const wrapper = `import { handOver } from ${JSON.stringify(handover)};
    process.exitCode = await handOver(process.execPath, [${JSON.stringify(file)}]);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", wrapper], {
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  const says = async (word: string) => {
    while (!output.includes(word)) await once(child.stdout, "data");
  };
  const ended = once(child, "close").then(([code]) => ({ code, output }));
  return { child, says, ended };
}

test("output and exit code are the program's own", async () => {
  expect(await start('console.log("hello"); process.exit(7);').ended).toEqual({ code: 7, output: "hello\n" });
});

test("death by a signal is 128 and the signal's number", async () => {
  expect((await start('process.kill(process.pid, "SIGKILL"); setInterval(() => {}, 1000);').ended).code).toBe(137);
  expect(exitCodeOf(null, "SIGTERM")).toBe(143);
});

const counting = (signal: string) => `
  let seen = 0;
  process.on(${JSON.stringify(signal)}, () => {
    seen += 1;
    if (seen === 1) setTimeout(() => { console.log("seen", seen); process.exit(3); }, 200);
  });
  setTimeout(() => process.exit(9), 20_000);
  console.log("ready");`;

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s sent twice at once, as npm does, reaches the program once",
  async (signal) => {
    const { child, says, ended } = start(counting(signal));
    await says("ready");
    child.kill(signal);
    await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill(signal);
    expect(await ended).toEqual({ code: 3, output: "ready\nseen 1\n" });
  },
);

test("a process knows whether the terminal talks to its group", () => {
  expect(inForeground("10 (node (x) y) S 1 77 77 34816 77 4194304")).toBe(true);
  expect(inForeground("10 (node) S 1 77 77 34816 80 4194304")).toBe(false);
  expect(inForeground("10 (node) S 1 77 77 0 -1 4194304")).toBe(false);
});

test("scripts find our Node first and daemons at all", () => {
  const exists = (path: string) => path === "/usr/bin/node";
  const path = pathFor("/usr/bin:/bin:/sbin", "/checkout/.runtime/bin/node", exists);
  expect(path).toBe("/checkout/.runtime/bin:/usr/bin:/bin:/sbin:/usr/local/sbin:/usr/sbin");
});

test("the order of PATH stays when its first Node is ours", () => {
  const path = pathFor(
    "/own:/usr/bin:/usr/sbin:/usr/local/sbin:/sbin",
    "/usr/bin/node",
    (at) => at === "/usr/bin/node",
  );
  expect(path).toBe("/own:/usr/bin:/usr/sbin:/usr/local/sbin:/sbin");
});
