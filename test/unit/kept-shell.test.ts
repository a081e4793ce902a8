/** The shell that is kept on a host: what it prints comes whole and apart, and one that is lost says that nobody knows. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, test, vi } from "vitest";
import { asLine, KEPT_SHELL, KeptShell, KeptShells, type Pipes } from "../../src/providers/runner/kept-shell.ts";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** A shell of this machine in the place of a channel. */
function begin(): { pipes: Pipes; child: ChildProcess } {
  const child = spawn("/bin/sh", ["-c", KEPT_SHELL], { stdio: "pipe" });
  children.push(child);
  const pipes = {
    ...{ input: child.stdin, output: child.stdout, errors: child.stderr },
    whenGone: (told: () => void) => void child.once("close", told),
    end: () => void child.kill("SIGKILL"),
  };
  return { pipes, child };
}

function open(): { shell: KeptShell; child: ChildProcess } {
  const { pipes, child } = begin();
  return { shell: new KeptShell(pipes), child };
}

const line = (command: string, input = ""): string => asLine(command, Buffer.from(input)) ?? "";

async function told(shell: KeptShell, command: string, input = "") {
  const { code, stdout, stderr } = await shell.run(line(command, input), 10_000);
  return [code, stdout.toString("latin1"), stderr.toString("latin1")];
}

test("output, errors and code of one command after the other", async () => {
  const { shell } = open();
  expect(await told(shell, "echo out; echo err >&2")).toEqual([0, "out\n", "err\n"]);
  expect(await told(shell, "printf 'no end, and a zero: \\000'")).toEqual([0, "no end, and a zero: \0", ""]);
  expect(await told(shell, "exit 113")).toEqual([113, "", ""]);
  expect(await told(shell, "cd /tmp; kept=yes")).toEqual([0, "", ""]);
  expect(await told(shell, 'echo "${kept-nothing of the one before}"')).toEqual([0, "nothing of the one before\n", ""]);
  expect(shell.isFree).toBe(true);
});

test("its input is the one that was given, and none else", async () => {
  const { shell } = open();
  const input = "two lines\nand 'quotes' \"of\" all \\kinds\0\n";
  expect(await told(shell, "false || cat", input)).toEqual([0, input, ""]);
  expect(await told(shell, "cat")).toEqual([0, "", ""]);
  expect(await told(shell, "true", input)).toEqual([0, "", ""]);
  expect(await told(shell, "echo next")).toEqual([0, "next\n", ""]);
});

test("a long answer comes whole", async () => {
  const { shell } = open();
  const [code, stdout] = await told(shell, "head -c 300000 /dev/zero");
  expect([code, stdout?.toString().length]).toEqual([0, 300_000]);
});

test("what is too long or has several lines is none for it", () => {
  expect(asLine("echo one\necho two", Buffer.alloc(0))).toBeNull();
  expect(asLine("cat", Buffer.alloc(10_000))).toBeNull();
  expect(asLine(`echo ${"x".repeat(13_000)}`, Buffer.alloc(0))).toBeNull();
});

test("over its limit, or lost, nobody knows what came of it, and it is used no more", async () => {
  const late = open();
  expect((await late.shell.run(line("sleep 5"), 50)).code).toBeNull();
  expect([late.shell.isFree, late.shell.isClosed]).toEqual([false, true]);
  const lost = open();
  const asked = lost.shell.run(line("echo begun; sleep 5"), 5_000);
  setTimeout(() => lost.child.kill("SIGKILL"), 50);
  expect((await asked).code).toBeNull();
  expect(lost.shell.isFree).toBe(false);
});

test("several are begun as they are needed and no more than that; one that was lost is begun anew", async () => {
  const shells = new KeptShells(2, async () => begin().pipes);
  const ask = (command: string) => shells.run(command, Buffer.alloc(0), 10_000);
  const begun = async (count: number) => vi.waitFor(() => expect(children).toHaveLength(count));
  expect(ask("true")).toBeNull();
  await begun(1);
  const [first] = children;
  const long = ask("sleep 0.3; echo long");
  expect([long === null, ask("true")]).toEqual([false, null]);
  await begun(2);
  const [held, other] = [ask("sleep 0.3; echo held"), ask("echo none is free")];
  expect([held === null, other]).toEqual([false, null]);
  expect([await long, await held].map((told) => told?.stdout.toString())).toEqual(["long\n", "held\n"]);
  expect(children).toHaveLength(2);
  if (!first) throw new Error("none was begun");
  first.kill("SIGKILL");
  await once(first, "close");
  const [left, none] = [ask("sleep 0.3"), ask("echo only one is left")];
  expect([left === null, none]).toEqual([false, null]);
  await begun(3);
  await left;
  expect([ask("true"), ask("true")].includes(null)).toBe(false);
});
