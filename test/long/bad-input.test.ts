/** Bad input: mistakes in files, ports that are taken, releases that are sick; a problem each time, nothing half-done. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PlanAnswer, Started } from "../../src/api/contract.ts";
import type { Report } from "../../src/model/report.ts";
import { waitFor } from "../../src/model/clock.ts";
import { systemClock } from "../../src/run/clock.ts";
import { type BoardFile, writeBoard } from "../product/board.ts";
import { answerOf, leftIn, openProduct, processesOf, type Product, type Ran } from "../product/product.ts";
import { inSync, serving, sightOf } from "../product/sights.ts";

const size = { servers: 1, workers: 0 };
let product: Product;
let file: string;

const run = (...args: string[]): Promise<Ran> => product.run(args);
const look = () => product.status("board");

interface Said {
  kind: string;
  what: string;
  why: string;
  next: string;
  at?: string;
}
const problemOf = (ran: Ran): Said => answerOf<{ problem: Said }>(ran).problem;

beforeAll(() => {
  product = openProduct("bad");
  file = writeBoard(product.folder);
});

afterAll(async () => {
  const ended = await product.run(["down", "--all"]);
  const left = await leftIn(product.folder);
  await product.end();
  expect(ended.code, ended.stderr).toBe(0);
  expect(left).toEqual([]);
  expect(existsSync(product.folder)).toBe(false);
}, 60_000);

describe("an environment file with a mistake is refused, and the mistake is named by its line", () => {
  /** Where this text is in the file as it is now. */
  const lineOf = (text: string): number =>
    readFileSync(file, "utf8")
      .split("\n")
      .findIndex((line) => line.includes(text)) + 1;

  async function refused(change: (board: BoardFile) => void, text: string): Promise<Said> {
    writeBoard(product.folder, change);
    const ran = await run("up", file, "--json");
    expect(ran.code, ran.stderr).toBe(2);
    const problem = problemOf(ran);
    expect(problem.kind).toBe("bad-input");
    expect(problem.at).toBe(`${file}:${lineOf(text)}`);
    expect(problem.next.length).toBeGreaterThan(10);
    return problem;
  }

  test("no file at all", async () => {
    const ran = await run("up", "nowhere.yaml", "--json");
    expect(ran.code).toBe(2);
    expect(problemOf(ran)).toMatchObject({ what: "there is no environment file" });
    expect(problemOf(ran).why).toContain("nowhere.yaml");
  });

  test.each([
    ["a folder", (path: string) => mkdirSync(path), "is no regular file"],
    ["a link to nothing", (path: string) => symlinkSync("nothing", path), "no such file"],
    ["a link to itself", (path: string) => symlinkSync(path, path), "too many symbolic links"],
    // Nobody can read this one, root neither.
    ["a file that can't be read", (path: string) => symlinkSync("/proc/self/mem", path), "i/o error"],
    ["a device without an end", (path: string) => symlinkSync("/dev/zero", path), "is no regular file"],
    ["a program", (path: string) => copyFileSync(process.execPath, path), "has more than"],
    ["a picture", (path: string) => writeFileSync(path, Buffer.from("\x89PNG\r\n\n\0\0", "latin1")), "zero byte"],
  ])("%s instead of a file", async (_what, make, why) => {
    const path = join(product.folder, "odd.yaml");
    make(path);
    const ran = await run("up", path, "--json");
    rmSync(path, { recursive: true });
    expect(ran.code, ran.stderr).toBe(2);
    expect(problemOf(ran)).toMatchObject({ kind: "bad-input" });
    expect(problemOf(ran).why).toContain(why);
  });

  test("text that is not YAML", async () => {
    writeFileSync(file, "environment: board\nhosts:\n  public: [board.test\nport: 1\n");
    const ran = await run("up", file, "--json");
    expect(ran.code).toBe(2);
    expect(problemOf(ran).at).toMatch(new RegExp(`${file}:[34]$`));
  });

  test("an unknown key", async () => {
    const { why } = await refused((board) => {
      board.limits.helthySeconds = 20;
    }, "helthySeconds");
    expect(why).toContain("limits.helthySeconds: there is no such key");
  });

  test("a wrong type, beside another mistake: both are said", async () => {
    const problem = await refused((board) => {
      board.port = "eighty" as unknown as number;
      board.limits.stopSeconds = -1;
    }, "port: eighty");
    expect(problem.what).toBe("the environment file has 2 mistakes");
    expect(problem.why).toContain(`${file}:${lineOf("stopSeconds")} limits.stopSeconds`);
  });

  test("a release without its folder", async () => {
    const { why } = await refused((board) => {
      (board.releases["2024.2"] as BoardFile["releases"][string]).artefact = "release-3";
    }, "artefact: release-3");
    expect(why).toContain(join(product.folder, "release-3"));
  });

  test("a command whose script is not in the release's folder", async () => {
    const { what, why } = await refused((board) => {
      (board.releases["2024.1"] as BoardFile["releases"][string]).migrate = "./migrat.sh --all";
    }, "migrate: ./migrat.sh");
    expect(what).toBe('release "2024.1" lacks a script');
    expect(why).toContain('migrate is "./migrat.sh --all"');
  });

  test("nothing was begun by any of them", async () => {
    const { environments } = await product.client.get<{ environments: string[] }>("/health");
    expect(environments).toEqual([]);
    expect(processesOf(join(product.home, "servers"))).toEqual([]);
  });
});

describe("a port that another program has", () => {
  let other: Server;

  afterAll(() => {
    other?.close();
  });

  test("is refused by a problem that names it, and what was launched is gone again", async () => {
    other = createServer().listen(0, "0.0.0.0");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as { port: number };
    writeBoard(product.folder, (board) => {
      board.port = port;
    });
    const ran = await run("up", file);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(`0.0.0.0:${port} is already used by `);
    expect(ran.stderr).toContain('"lb-1" can\'t have 127.');

    const servers = join(product.home, "servers");
    const visible = existsSync(servers) ? readdirSync(servers, { recursive: true }).map(String) : [];
    expect(visible.filter((name) => /^board\/[a-z]+-\d+$/.test(name))).toEqual([]);
    expect(processesOf(servers)).toEqual([]);
    expect((await look()).inventory).toMatchObject({ loadBalancers: [], applications: [], databases: [] });
  });

  test("once it is free, the same command brings the environment up", async () => {
    await new Promise((resolve) => other.close(resolve));
    writeBoard(product.folder);
    const ran = await run("up", file);
    expect(ran.code, ran.stderr).toBe(0);
    expect(sightOf(await look())).toEqual(serving("2024.1", size, "upgraded"));
  });
});

const marker = (): string => join(product.folder, "2024.2", "marker.txt");
const installed = (): string[] => {
  const servers = join(product.home, "servers", "board");
  const files = readdirSync(servers)
    .map((name) => join(servers, name, "release", "marker.txt"))
    .filter((file) => existsSync(file));
  return files.map((file) => readFileSync(file, "utf8"));
};
const plan = async (release: string): Promise<string> => {
  const ran = await run("plan", "--to", release, "--json");
  expect(ran.code, ran.stdout).toBe(0);
  return answerOf<PlanAnswer>(ran).hash;
};

describe("a release that is sick is taken back, and the old one serves as before", () => {
  beforeAll(async () => {
    writeBoard(product.folder, ({ limits }) => Object.assign(limits, { migrateSeconds: 2, healthySeconds: 5 }));
    const ran = await run("up", file);
    expect(ran.code, ran.stderr).toBe(0);
  }, 60_000);

  async function takenBack(release: string): Promise<string> {
    const ran = await run("upgrade", "--to", release, "--yes", "--json");
    expect(ran.code, ran.stderr).toBe(5);
    return reasonOf(answerOf<Report>(ran));
  }

  /** Why it was taken back, once it is sure that it was. */
  async function reasonOf({ outcome, reason }: Report): Promise<string> {
    expect(outcome).toBe("rolled-back");
    expect(sightOf(await look())).toEqual(serving("2024.1", size, "rolled-back"));
    expect(await inSync(look)).toBe(true);
    return String(reason);
  }

  test("edited between plan and upgrade: refused, because the plan is of something else", async () => {
    writeFileSync(marker(), "as it was planned");
    const hash = await plan("2024.2");
    writeFileSync(marker(), "as nobody approved it");
    const ran = await run("upgrade", "--to", "2024.2", "--plan", hash, "--yes", "--json");
    expect(ran.code, ran.stderr).toBe(3);
    expect(problemOf(ran).what).toBe(`plan ${hash} no longer fits environment "board"`);
    expect(installed()).toEqual([]);
  });

  test("edited after the upgrade has begun: what was approved is what is installed", async () => {
    writeFileSync(marker(), "as it was planned");
    const body = { planHash: await plan("hangs"), yes: true, by: "a test" };
    const { upgrade } = await product.client.send<Started>("POST", "/environments/board/upgrades", body);
    writeFileSync(marker(), "as nobody approved it");
    const found = await waitFor(systemClock, { withinMs: 60_000, everyMs: 50 }, async () => installed().at(0));
    expect(found).toBe("as it was planned");
    expect((await run("watch", String(upgrade))).code).toBe(5);
  });

  test("a migration that hangs is cut off at its limit", async () => {
    const report = answerOf<Report>(await run("report", "--json"));
    expect(await reasonOf(report)).toContain("it was still running after 2000 ms");
    const sleeping = processesOf(product.folder).filter(({ command }) => command.includes("sleep 600"));
    expect(sleeping).toEqual([]);
  });

  test("a migration that says it is done and changed nothing is not believed", async () => {
    expect(await takenBack("lies")).toContain("said that it succeeded, but the schema is what it was");
  });

  test("an application that never gets healthy", async () => {
    expect(await takenBack("mute")).toMatch(/web on "app-\d+" is not good/);
  });

  test("a release that lacks a script is refused before anything begins", async () => {
    rmSync(join(product.folder, "2024.2", "counted.sh"));
    const before = (await look()).upgrade?.id;
    const ran = await run("upgrade", "--to", "2024.2", "--yes", "--json");
    expect(ran.code).toBe(2);
    expect(problemOf(ran)).toMatchObject({ kind: "bad-input", what: 'release "2024.2" lacks a script' });
    expect((await look()).upgrade?.id).toBe(before);
  });
});
