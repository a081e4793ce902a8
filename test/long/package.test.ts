/** What `npm pack` makes, installed by npm away from any checkout: the command, a whole environment, completion. */
import { execFile } from "node:child_process";
import { cpSync, existsSync, globSync, readFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answerOf, leftIn, openProduct, type Product } from "../product/product.ts";
import { hasProgram, openShell, type Shell } from "./typing.ts";

const root = join(import.meta.dirname, "../..");
const run = promisify(execFile);
let product: Product;
let packed: string[];
/** Where npm has put the package. */
let installed: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  product = openProduct("package", "npm/bin/changeover");
  const npm = (...args: string[]) => run("npm", args, { cwd: root, timeout: 110_000, maxBuffer: 16_000_000 });
  const { stdout } = await npm("pack", "--json", "--pack-destination", product.folder);
  const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  packed = files.map(({ path }) => path);
  // As npm 12 does by itself: no package may run a script of its own.
  const quietly = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];
  await npm("install", "--global", ...quietly, "--prefix", join(product.folder, "npm"), join(product.folder, filename));
  installed = join(product.folder, "npm/lib/node_modules/changeover");
  const path = [join(product.folder, "npm/bin"), dirname(process.execPath), process.env.PATH].join(":");
  env = { ...process.env, PATH: path, CHANGEOVER_HOME: product.home, TERM: "dumb", NODE_OPTIONS: "" };
}, 120_000);

afterAll(async () => {
  await product.end();
});

test("the package holds every file of src/, as JavaScript where it is TypeScript, and nothing to work on it", () => {
  const source = globSync("**/*.*", { cwd: join(root, "src") });
  expect(source.length).toBeGreaterThan(150);
  const missing = source.filter((path) => !packed.includes(join("dist", path.replace(/\.ts$/, ".js"))));
  expect(missing).toEqual([]);
  const places = new Set(packed.map((path) => path.split("/")[0]));
  expect([...places].sort()).toEqual(["LICENSE", "README.md", "bootstrap", "dist", "docs", "examples", "package.json"]);
  expect(packed.filter((path) => extname(path) === ".ts" || path.includes("node_modules"))).toEqual([]);
});

test("its version is told, and a Node that is too old is told what is needed", async () => {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  // By the link that npm made and the file's own first line.
  expect((await run("changeover", ["--version"], { env })).stdout).toBe(`${version}\n`);
  expect((await product.run(["--help"])).stdout).toContain("completion");
  const old = 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "22.17.1" } })';
  const args = [
    "--import",
    `data:text/javascript,${encodeURIComponent(old)}`,
    join(product.folder, "npm/bin/changeover"),
  ];
  const refused = await run(process.execPath, [...args, "--version"]).catch((error) => error);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("Node 22.17.1 is too old · >=22.18 is")]);
});

describe("an environment of the package's own examples", () => {
  let upgrade: string;
  beforeAll(async () => {
    // Its releases are built where they are, and a package may belong to somebody else.
    cpSync(join(installed, "examples/bring-your-own"), product.folder, { recursive: true });
    const up = await product.run(["up", "--json"]);
    expect(up.code, up.stderr).toBe(0);
    upgrade = answerOf<{ upgrade: string }>(up).upgrade;
  }, 90_000);
  afterAll(async () => {
    const ended = await product.run(["down", "--all"]);
    expect(ended.code, ended.stderr).toBe(0);
    expect(await leftIn(product.folder)).toEqual([]);
  }, 60_000);

  test("is up, can be looked at and planned for", async () => {
    expect((await product.run(["status"])).stdout).toContain("public to pool a (1 of 1 healthy)");
    expect((await product.run(["plan", "--to", "2024.2"])).code).toBe(0);
    expect((await product.run(["init", "another.yaml"])).code).toBe(0);
  });

  /** Typed, and what the shell makes of it. */
  const lines = (): [string, string][] => [
    ["stat\t", "status"],
    ["status \t", "status board"],
    ["plan --t\t2\t2\t", "plan --to 2024.2"],
    ["plan --to=2\t1\t", "plan --to=2024.1"],
    ["report \t", `report ${upgrade}`],
    ["up anoth\t", "up another.yaml"],
    ["ledger --file=anoth\t", "ledger --file=another.yaml"],
    // Completed, then wiped away: had Tab run the line, the file would be there.
    ["up $(touch ran) anoth\t\x15changeover status", "status"],
  ];

  async function completes(shell: Shell): Promise<void> {
    try {
      for (const [keys, line] of lines()) expect([keys, await shell.type(`changeover ${keys}`)]).toEqual([keys, line]);
      expect(existsSync(join(product.folder, "ran"))).toBe(false);
    } finally {
      await shell.end();
    }
  }

  test("bash completes commands, options, names and files", async ({ skip }) => {
    skip(!hasProgram("bash") || !hasProgram("script"), "no bash or no script here (sudo apt-get install bsdutils)");
    const setup = ["source <(changeover completion bash)"];
    await completes(await openShell("bash --norc --noprofile -i", setup, { cwd: product.folder, env }));
  });

  test("zsh completes commands, options, names and files", async ({ skip }) => {
    skip(!hasProgram("zsh") || !hasProgram("script"), "no zsh here (sudo apt-get install zsh)");
    const setup = ["autoload -Uz compinit", "compinit -u -D", "source <(changeover completion zsh)"];
    await completes(await openShell("zsh -f -i", setup, { cwd: product.folder, env }));
  });

  test("fish completes commands, options, names and files", async ({ skip }) => {
    skip(!hasProgram("fish"), "no fish here (sudo apt-get install fish)");
    const ask = 'source (changeover completion fish | psub); for line in $argv; complete -C "changeover $line"; end';
    const asked = ["stat", "status ", "plan --to=2", "report ", "up anoth", "ledger --file=anoth", "status nowh"];
    const { stdout } = await run("fish", ["--no-config", "-c", ask, ...asked], {
      cwd: product.folder,
      env: { ...env, HOME: product.folder },
    });
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => line.split("\t")[0]),
    ).toEqual(["status", "board", "--to=2024.1", "--to=2024.2", upgrade, "another.yaml", "--file=another.yaml"]);
  });
});
