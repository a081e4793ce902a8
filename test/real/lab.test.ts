/** The command `npm run lab`: hosts in seconds, refused where its network is in use, gone from whatever state it is in. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { overlaps } from "../../src/providers/lab/hosts.ts";
import { links, marked, namespaces } from "../../src/providers/lab/kernel.ts";
import { labTrouble } from "../../src/providers/lab/lab.ts";
import { bridgeOf, markOf, settingOf } from "../../src/providers/lab/names.ts";

const MAIN = join(import.meta.dirname, "../../src/providers/lab/main.ts");
const setting = settingOf("10.98");

interface Ran {
  code: number | null;
  output: string;
}

function lab(...args: string[]) {
  const command = ["--disable-warning=ExperimentalWarning", MAIN, "lab", ...args, "--network", setting.network];
  const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "pipe"], timeout: 60_000 });
  const ended = new Promise<Ran>((resolve) => {
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (part: string) => {
        output += part;
      });
    }
    child.once("close", (code) => resolve({ code, output }));
  });
  return { child, ended };
}

/** Whatever a lab is made of; empty when nothing of it is left. */
async function left(): Promise<string[]> {
  const ours = (name: string) => name.startsWith(bridgeOf(setting));
  return [
    ...(await links()).map(({ ifname }) => ifname).filter(ours),
    ...(await namespaces()).filter(ours),
    ...marked(markOf(setting)).map((pid) => `process ${pid}`),
    ...(existsSync(setting.folder) ? [setting.folder] : []),
  ];
}

test("networks that meet are told from those that don't", () => {
  const meets = (route: string) => overlaps(route, "10.77");
  expect(["10.77.0.0/16", "10.0.0.0/8", "10.77.3.0/24", "10.77.9.9"].map(meets)).toEqual([true, true, true, true]);
  expect(["default", "10.78.0.0/16", "192.168.77.0/24", "0.0.0.0/0", "fd00::/64"].map(meets)).not.toContain(true);
});

describe.skipIf(labTrouble() !== null)("a lab (skipped where `npm run lab` can make none)", () => {
  afterEach(async () => {
    await lab("down").ended;
  });

  test("it comes, says how to use it, refuses a second one, breaks what it is told to, and goes", async () => {
    const up = await lab("up", "3").ended;
    expect(up.output).toMatch(/^3 hosts after [\d.]+ s/);
    expect(up.output).toContain("hosts: [10.98.1.1, 10.98.1.2, 10.98.1.3]");
    expect(await lab("up", "2").ended).toMatchObject({ code: 1, output: expect.stringContaining("there is a lab") });
    expect((await lab("cut", "1").ended).code).toBe(0);
    expect((await lab("kill", "2").ended).code).toBe(0);
    const broken = (await lab("status").ended).output;
    expect(broken).toMatch(/1 {2}10\.98\.1\.1 +cut/);
    expect(broken).toMatch(/2 {2}10\.98\.1\.2 +killed/);
    expect((await lab("heal", "1").ended).code).toBe(0);
    expect((await lab("start", "2").ended).code).toBe(0);
    expect((await lab("status").ended).output.match(/ up /g)).toHaveLength(3);
    expect(await lab("kill", "9").ended).toMatchObject({ code: 1, output: expect.stringContaining("no host 9") });
    expect((await lab("down").ended).code).toBe(0);
    expect(await left()).toEqual([]);
  });

  test("killed while it is made or taken away, `down` takes the rest away", async () => {
    for (const ms of [60, 200, 320, 450]) {
      const making = lab("up", "4");
      await sleep(ms);
      making.child.kill("SIGKILL");
      await making.ended;
      expect((await lab("down").ended).code).toBe(0);
      expect(await left(), `killed after ${ms} ms`).toEqual([]);
    }
    expect((await lab("up", "3").ended).code).toBe(0);
    const ending = lab("down");
    await sleep(250);
    ending.child.kill("SIGKILL");
    await ending.ended;
    expect((await lab("down").ended).code).toBe(0);
    expect(await left()).toEqual([]);
  });
});
