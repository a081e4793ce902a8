/** What may stand at the cursor is read from the commands themselves, and from a control plane only when one runs. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fitting, wantedAt } from "../../src/cli/candidates.ts";
import { socketOf } from "../../src/cli/home.ts";
import { namesOf } from "../../src/cli/names.ts";
import { commands } from "../../src/cli/program.ts";
import { demo } from "../../src/demo/demo.ts";
import type { EnvironmentSummary } from "../../src/run/summaries.ts";

const program = new Command("changeover").version("1.2.3");
for (const add of [...(await Promise.all(commands.map(({ load }) => load()))), demo]) add(program, () => {});

const wordsAt = (...words: string[]): string[] => {
  const wanted = wantedAt(program, words);
  return wanted.kind === "words" ? wanted.words.map(({ value }) => value) : [wanted.kind];
};

describe("the line so far", () => {
  test("every command is offered, and none that only shells call", () => {
    const shown = program.createHelp().visibleCommands(program);
    expect(shown.length).toBeGreaterThan(12);
    expect(wordsAt("")).toEqual(shown.map((command) => command.name()));
    expect(wordsAt("")).not.toContain("complete");
  });

  test("every option of every command is offered until it was given", () => {
    for (const command of program.commands.filter((each) => each.name() !== "complete")) {
      const options = command
        .createHelp()
        .visibleOptions(command)
        .map(({ long }) => long);
      expect(wordsAt(command.name(), "--")).toEqual(options);
    }
    expect(wordsAt("status", "--json", "--")).toEqual(["--help"]);
    expect(wordsAt("upgrade", "--to=2", "-")).not.toContain("--to");
  });

  test.each([
    [["status", ""], { kind: "names", of: "environment", prefix: "" }],
    [["upgrade", "--to", ""], { kind: "names", of: "release", prefix: "" }],
    [["upgrade", "--to=20"], { kind: "names", of: "release", prefix: "--to=" }],
    [["upgrade", "--to", "2", ""], { kind: "names", of: "environment", prefix: "" }],
    [["upgrade", "--to=2", "--yes", ""], { kind: "names", of: "environment", prefix: "" }],
    [["plan", "live", "--fail-at", "mi"], { kind: "names", of: "step", prefix: "" }],
    [["approve", "u-1", ""], { kind: "names", of: "gate", prefix: "" }],
    [["up", ""], { kind: "files" }],
    [["ledger", "--count", "bo"], { kind: "files" }],
  ])("%j wants %j", (words, wanted) => {
    expect(wantedAt(program, words)).toEqual(wanted);
  });

  test("choices are words, also behind an equals sign; where nothing can follow, nothing is offered", () => {
    expect(wordsAt("completion", "")).toEqual(["bash", "zsh", "fish"]);
    expect(wordsAt("demo", "--over", "")).toEqual(["local", "ssh", "lab"]);
    expect(wordsAt("demo", "--over=")).toEqual(["--over=local", "--over=ssh", "--over=lab"]);
    expect(wordsAt("status", "live", "")).toEqual([]);
    expect(wordsAt("status", "--nonsense=")).toEqual([]);
    expect(wordsAt("upgarde", "")).toEqual([]);
  });
});

test("a shell gets what goes on from the typed word, a line each, and nothing it would read as more than a word", () => {
  const found = ["2024.1", "2025.1", "2024.2 beta", "2024$(halt)", "2024;x"].map((value) => ({
    value,
    says: "a\nb\tc",
  }));
  expect(fitting(found, "2024")).toEqual(["2024.1\ta b c"]);
  expect(fitting(found, "")).toHaveLength(2);
});

describe("names", () => {
  const home = mkdtempSync(join(tmpdir(), "changeover-names-"));
  const environments: EnvironmentSummary[] = [
    {
      environment: "live",
      releases: ["1", "2"],
      groups: ["burst"],
      addresses: ["www"],
      alerts: ["lag"],
      upgrades: [
        { id: "u-2", state: "at-gate" },
        { id: "u-1", state: "upgraded" },
      ],
      gate: { upgrade: "u-2", name: "reopen", question: "Reopen?" },
    },
    { environment: "staging", releases: ["3"], groups: [], addresses: [], alerts: ["busy"], upgrades: [], gate: null },
  ];
  const server = createServer((request, response) => {
    if (request.url === "/environments") response.end(JSON.stringify(environments));
    else response.writeHead(404).end();
  });
  const named = async (of: string, ...words: string[]) => (await namesOf(of, home, words)).map(({ value }) => value);

  beforeAll(() => new Promise<void>((listening) => server.listen(socketOf(home), listening)));
  afterAll(async () => {
    await new Promise((closed) => server.close(closed));
    rmSync(home, { recursive: true, force: true });
  });

  test("of an environment that the line names come its own releases and upgrades, else all", async () => {
    expect(await named("environment", "status", "")).toEqual(["live", "staging"]);
    expect(await named("release", "plan", "staging", "--to", "")).toEqual(["3"]);
    expect(await named("release", "plan", "--to", "")).toEqual(["1", "2", "3"]);
    expect(await named("address", "address", "move", "")).toEqual(["www"]);
    expect(await named("upgrade", "report", "")).toEqual(["u-2", "u-1"]);
    expect(await named("gate", "approve", "u-2", "")).toEqual(["reopen"]);
    expect(await named("alert", "alert", "test", "staging", "")).toEqual(["busy"]);
    expect(await named("group", "group", "show", "")).toEqual(["burst"]);
    expect(await named("gate", "approve", "u-1", "")).toEqual([]);
    expect(await named("reason", "rollback", "--reason", "")).toEqual([]);
  });

  test("steps are known without anybody", async () => {
    expect(await namesOf("step", join(home, "nowhere"), [])).toContainEqual({ value: "migrate", says: "step" });
  });

  test("without a control plane there are none, and none is started", async () => {
    const nowhere = join(home, "nowhere");
    expect(await namesOf("environment", nowhere, ["status", ""])).toEqual([]);
    expect(existsSync(nowhere)).toBe(false);
  });
});
