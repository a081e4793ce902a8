/** Server templates on the local cloud: a boot with inputs, scripts on running servers, stranding, and taking leave. */
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { Activity } from "../../src/model/activity.ts";
import { createLocalProvider } from "../../src/providers/local/provider.ts";
import type { ScriptsView } from "../../src/view/scripts.ts";
import type { ServersView, ServerView } from "../../src/view/servers.ts";
import type { CheckView } from "../../src/view/templates.ts";
import { type BoardFile, writeBoard } from "../product/board.ts";
import { answerOf, leftIn, openProduct, type Product } from "../product/product.ts";

const EXAMPLE = join(import.meta.dirname, "../../examples/templates/app");
const [TOKEN, KEY] = ["canary-token-4711", "-----BEGIN KEY-----\ncanary-key-0815\n-----END KEY-----"];

let product: Product;
let folder: string;
let file: string;
const server = (name: string, path: string) => join(product.home, "servers/board", name, path);

/** The example's template, with what this test wants to see beside it. */
function writeTemplate(change: (manifest: Manifest) => void): void {
  const manifest = parse(readFileSync(join(EXAMPLE, "template.yaml"), "utf8")) as Manifest;
  change(manifest);
  writeFileSync(join(folder, "template.yaml"), stringify(manifest));
}

interface Manifest {
  inputs: Record<string, unknown>;
  scripts: Record<"boot" | "decommission", Record<string, unknown>[]> & { operational: Record<string, unknown> };
}

const script = (name: string, lines: string): void =>
  writeFileSync(join(folder, "scripts", name), `#!/bin/sh\nset -eu\n${lines}\n`, { mode: 0o755 });

const write = (change: (definition: BoardFile) => void): string =>
  writeBoard(product.folder, (definition) => {
    definition.application = { name: "board", port: 8000, servers: 2, workers: 0, template: "app@1" };
    definition.checks = { ...(definition.checks as object), script: [{ run: 'test "$MODE" = production' }] };
    change(definition);
  });

beforeAll(async () => {
  product = openProduct("templates");
  folder = join(product.folder, "app");
  cpSync(EXAMPLE, folder, { recursive: true });
  script(
    "see-inputs.sh",
    'stat -c %a "$DEPLOY_KEY"; cat "$DEPLOY_KEY" >"$SERVER_FOLDER/seen-key"; echo "$TOKEN" | wc -c',
  );
  script("mark.sh", 'echo "$MARK" >>"$SERVER_FOLDER/marks"; echo "token $TOKEN"; [ ! -e "$SERVER_FOLDER/broken" ]');
  script("leave.sh", `echo "$SERVER_NAME $ROLE" >>${join(product.folder, "left")}; exit 4`);
  writeTemplate((manifest) => {
    manifest.inputs = {
      MODE: { text: "production" },
      TOKEN: { credential: "token" },
      DEPLOY_KEY: { key: "deploy" },
      PEER: { server: "app-1", value: "address" },
    };
    manifest.scripts.boot.push({ run: "scripts/see-inputs.sh", inputs: { DEPLOY_KEY: {}, TOKEN: {}, PEER: {} } });
    manifest.scripts.operational.mark = { run: "scripts/mark.sh", inputs: { MARK: { required: true }, TOKEN: {} } };
    manifest.scripts.decommission.push({ run: "scripts/leave.sh" });
  });
  for (const [name, value] of [
    ["token", TOKEN],
    ["deploy", KEY],
  ] as const) {
    const set = await product.start(["credential", "set", "board", name], value).ended;
    expect(set.code, set.stderr).toBe(0);
  }
}, 60_000);

afterAll(async () => {
  await product.run(["down", "--all"]);
  const left = await leftIn(product.folder);
  await product.end();
  expect(left).toEqual([]);
}, 60_000);

test("a committed revision is what servers boot with, and the application finds its inputs", async () => {
  const committed = await product.answer<{ revision: number }>(["template", "commit", folder, "-m", "first"]);
  expect(committed.revision).toBe(1);
  file = write(() => {});
  const up = await product.run(["up", file]);
  expect(up.code, up.stderr).toBe(0);
  for (const name of ["app-1", "app-2"]) {
    expect(readFileSync(server(name, "facts.txt"), "utf8")).toContain(`${name} of board`);
    expect(readFileSync(server(name, "seen-key"), "utf8")).toBe(`${KEY}\n`);
    expect(statSync(server(name, "keys/DEPLOY_KEY")).mode & 0o777).toBe(0o600);
    expect(statSync(server(name, "launch.json")).mode & 0o777).toBe(0o600);
    const kept = JSON.parse(readFileSync(server(name, "launch.json"), "utf8"));
    expect(JSON.stringify(kept)).not.toContain(TOKEN);
    expect(kept).toMatchObject({ template: { name: "app", revision: 1 }, size: "machine" });
    expect(kept.resolved.PEER.text).toMatch(/^127\./);
  }
  const listed = await product.answer<ScriptsView>(["script", "list", "board"]);
  expect(listed.servers.map((one) => [one.template, one.state])).toEqual([
    ["app@1", "operational"],
    ["app@1", "operational"],
  ]);
  const checked = await product.answer<CheckView>(["template", "check", "app@1", "--environment", "board"]);
  expect(checked).toMatchObject({ committedAs: 1, fit: { size: "machine", contradictions: [] } });
});

const marks = (name: string) =>
  existsSync(server(name, "marks")) ? readFileSync(server(name, "marks"), "utf8").trim().split("\n") : [];

test("a script runs on the oldest, then on the rest, stops at the first failure, and is in the activity", async () => {
  const run = (mark: string) => ["script", "run", "board", "mark", "--oldest-then-rest", "--input", `MARK=${mark}`];
  const missing = await product.run(["script", "run", "board", "mark", "--all"]);
  expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining("it needs MARK")]);
  const good = await product.run([...run("one"), "--json"]);
  expect(good.code, good.stderr).toBe(0);
  const { ran } = answerOf<{ ran: { server: string; output: string }[] }>(good);
  const [oldest, rest] = ran.map((one) => one.server) as [string, string];
  expect(ran.map(({ output }) => output)).toEqual(["token ‹secret›", "token ‹secret›"]);
  writeFileSync(server(oldest, "broken"), "");
  const broken = await product.run([...run("two"), "--json"]);
  expect(broken.code).toBe(1);
  expect(answerOf(broken)).toMatchObject({ ran: [], failed: { server: oldest }, notRun: [rest] });
  expect([marks(oldest), marks(rest)]).toEqual([["one", "two"], ["one"]]);
  const activity = await product.answer<Activity[]>(["activity", "board"]);
  const told = activity.filter(({ says }) => says.startsWith("Run mark on"));
  expect(told.map(({ says, problem }) => [says, problem])).toEqual([
    [`Run mark on "${oldest}" with MARK="two"`, expect.stringContaining("exit 1")],
    [`Run mark on "${rest}" with MARK="one"`, null],
    [`Run mark on "${oldest}" with MARK="one"`, null],
  ]);
});

const standings = async () => {
  const { servers } = await product.answer<ServersView>(["server", "list", "board"]);
  return Object.fromEntries(servers.map(({ name, standing }) => [name, standing]));
};

test("a clone boots like its source but for what was changed, serves when it is connected, and takes a bad server's place", {
  timeout: 120_000,
}, async () => {
  const said: string[] = [];
  const run = async (...words: string[]) => {
    const done = await product.run(["server", ...words, "--json"]);
    said.push(done.stdout, done.stderr);
    expect(done.code, `${words.join(" ")}: ${done.stderr}`).toBe(0);
    return done;
  };
  await run("clone", "board", "app-1");
  await run("change", "board", "app-3", "--input", "PEER=nobody");
  await run("launch", "board", "app-3", "--one-by-one");
  const shown = answerOf<ServerView>(await run("show", "board", "app-3"));
  expect(shown).toMatchObject({ standing: "apart", boot: "app@1 operational" });
  expect(shown.current).toMatchObject({ "input PEER": "nobody", "input TOKEN": "credential:token" });
  expect(readFileSync(server("app-3", "seen-key"), "utf8")).toBe(`${KEY}\n`);
  await run("connect", "board", "app-3");
  const provider = createLocalProvider({ directory: join(product.home, "servers"), token: () => 0 });
  const { pid } = await (await provider.open("board", "app-2")).serviceState("web");
  renameSync(server("app-2", "release/start.sh"), server("app-2", "release/start.gone"));
  process.kill(Number(pid), "SIGKILL");
  await run("replace", "board", "app-2");
  expect(await standings()).toEqual({ "app-1": "serves", "app-2": "kept", "app-3": "serves", "app-4": "serves" });
  const last = await product.run(["server", "disconnect", "board", "app-3"]);
  expect(last.code, last.stderr).toBe(0);
  await run("retire", "board", "app-3");
  expect(readFileSync(join(product.folder, "left"), "utf8")).toContain("app-3 decommission");
  expect(said.join("\n")).not.toContain(TOKEN);
});

test("a boot script that fails strands its server, and says at which script and what it said", async () => {
  script("see-inputs.sh", 'echo "no luck with $TOKEN"; exit 3');
  const committed = await product.answer<{ revision: number }>(["template", "commit", "app", "-m", "broken"]);
  const diff = await product.run(["template", "diff", "app", "1", String(committed.revision)]);
  expect(diff.stdout).toContain('+echo "no luck with $TOKEN"; exit 3');
  const other = join(product.folder, "other");
  mkdirSync(other);
  cpSync(join(product.folder, "2024.1"), join(other, "2024.1"), { recursive: true });
  cpSync(join(product.folder, "2024.2"), join(other, "2024.2"), { recursive: true });
  const definition = parse(readFileSync(file, "utf8"));
  Object.assign(definition, { environment: "lost", port: 8090, database: { ...definition.database, port: 3406 } });
  definition.application.template = "app@2";
  writeFileSync(join(other, "environment.yaml"), stringify(definition));
  for (const [name, value] of [
    ["token", TOKEN],
    ["deploy", KEY],
  ] as const) {
    await product.start(["credential", "set", "lost", name], value).ended;
  }
  const up = await product.run(["up", join(other, "environment.yaml")]);
  expect(up.code).toBe(1);
  expect(up.stderr).toMatch(/"app-\d" is stranded at scripts\/see-inputs\.sh/);
  expect(up.stderr).toContain("no luck with ‹secret›");
  expect(up.stderr + up.stdout).not.toContain(TOKEN);
});

test("a server takes its leave before it is retired; what fails then is told and keeps nothing", async () => {
  const down = await product.run(["down", "board"]);
  expect(down.code, down.stderr).toBe(0);
  const left = readFileSync(join(product.folder, "left"), "utf8").trim().split("\n").sort();
  expect(left.filter((line) => !line.includes("boot"))).toEqual(
    ["app-1", "app-2", "app-3", "app-4"].map((name) => `${name} decommission`),
  );
  expect(down.stderr.match(/! decommission: "app-\d" scripts\/leave\.sh: exit 4/g)).toHaveLength(3);
  expect(existsSync(join(product.home, "servers/board/app-1"))).toBe(false);
});
