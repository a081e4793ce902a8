/** The command line as a person uses it: words and exit codes, gates, Ctrl-C, a second person, a change of mind. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DriftAnswer } from "../../src/api/contract.ts";
import { commands } from "../../src/cli/program.ts";
import { waitFor } from "../../src/model/clock.ts";
import type { LockdownView } from "../../src/model/lockdown.ts";
import { parseEnvironment } from "../../src/model/environment-file.ts";
import type { LedgerSummary, Report } from "../../src/model/report.ts";
import { systemClock } from "../../src/run/clock.ts";
import { writeBoard } from "../product/board.ts";
import {
  answerOf,
  leftIn,
  openProduct,
  processesOf,
  type Product,
  type Ran,
  type Started,
} from "../product/product.ts";
import { failuresIn, harmOf, inSync, NO_HARM, serving, sightOf } from "../product/sights.ts";

const size = { servers: 1, workers: 0 };
let product: Product;
let file: string;
/** Everything any command printed here, for looking through at the end. */
let printed = "";

const run = async (...args: string[]): Promise<Ran> => {
  const ran = await product.run(args);
  printed += ran.stdout + ran.stderr;
  return ran;
};
const look = () => product.status("board");

async function until<T>(what: string, find: () => Promise<T | null | undefined | false>): Promise<T> {
  const found = await waitFor(systemClock, { withinMs: 60_000, everyMs: 100 }, find);
  if (found === null) throw new Error(`not within 60 s: ${what}`);
  return found;
}

async function told(started: Started, text: string): Promise<void> {
  await until(`it says "${text}"`, async () => started.told().includes(text));
}

beforeAll(() => {
  product = openProduct("cli");
  file = writeBoard(product.folder);
});

afterAll(async () => {
  const ended = await product.run(["down", "--all"]);
  const left = await leftIn(product.folder);
  await product.end();
  expect(ended.code, ended.stderr).toBe(0);
  expect(left).toEqual([]);
}, 60_000);

describe("words", () => {
  test("--help names every command, and each of them explains itself", async () => {
    const { code, stdout } = await run("--help");
    expect(code).toBe(0);
    for (const name of [
      "init",
      "up",
      "status",
      "plan",
      "upgrade",
      "watch",
      "approve",
      "rollback",
      "report",
      "ledger",
      "drift",
      "lock",
      "unlock",
    ])
      expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
    expect(commands.length).toBeGreaterThan(11);
    expect((await run("upgrade", "--help")).stdout).toContain("--fail-at <step>");
  });

  test.each([
    ["an unknown option", ["status", "--jsn"], "--jsn"],
    ["an unknown command", ["upgarde"], "upgarde"],
    ["a missing option", ["upgrade"], "--to <release>"],
    ["too many words", ["status", "board", "another"], "too many arguments"],
    ["an option of the demo", ["demo", "--slow"], "--slow"],
    ["a way the demo does not know", ["demo", "--over", "pigeon"], "pigeon"],
  ])("%s is refused with exit 2", async (_what, args, named) => {
    const { code, stderr, stdout } = await run(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(named);
    expect(stdout).toBe("");
  });

  test("init writes a file that can be read, and never over another one", async () => {
    expect((await run("init", "started.yaml")).code).toBe(0);
    const text = readFileSync(join(product.folder, "started.yaml"), "utf8");
    expect(parseEnvironment(text, "started.yaml").environment).toBe("live");
    const again = await run("init", "started.yaml");
    expect(again.code).toBe(3);
    expect(again.stderr).toContain("is there already");
  });

  test("nothing is up: every command says what to do next", async () => {
    const ran = await run("status");
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain("next: changeover up environment.yaml");
    expect((await run("status", "board")).code).toBe(4);
    expect((await run("report", "u-00000000")).code).toBe(4);
  });
});

describe("an environment", () => {
  beforeAll(async () => {
    const ran = await run("up", file);
    expect(ran.code, ran.stderr).toBe(0);
  }, 60_000);

  test("is up, and up again only reads its file again", async () => {
    expect(sightOf(await look())).toEqual(serving("2024.1", size, "upgraded"));
    const again = await run("up", file);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain("is up; its file was read again");
    expect((await run("status")).stdout).toContain("public to pool a (1 of 1 healthy)");
  });

  test("what does not exist is not found", async () => {
    const unknown = [["watch"], ["report"], ["approve"], ["rollback"]];
    for (const [command = ""] of unknown) {
      const ran = await run(command, "u-00000000");
      expect([command, ran.code]).toEqual([command, 4]);
      expect(ran.stderr).toContain('there is no upgrade "u-00000000"');
    }
    expect((await run("upgrade", "--to", "2024.2", "--plan", "0123456789abcdef")).code).toBe(4);
    const release = await run("plan", "--to", "2025.1", "--json");
    expect(release.code).toBe(3);
    expect(answerOf<{ problem: { why: string } }>(release).problem.why).toContain('"2025.1" is not among');
  });

  test("a plan that no longer fits is refused", async () => {
    const { hash } = await product.answer<{ hash: string }>(["plan", "--to", "2024.2"]);
    writeBoard(product.folder, ({ limits }) => {
      limits.syncSeconds = 11;
    });
    expect((await run("up", file)).code).toBe(0);
    const ran = await run("upgrade", "--to", "2024.2", "--plan", hash, "--yes");
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain(`plan ${hash} no longer fits`);
    expect((await look()).upgrade?.strategy).toBe("bring-up");
  });

  test("a plan shows every guard; the file's drift, a lock and a closed window refuse one, each with its reason", async () => {
    const shown = await run("plan", "--to", "2024.2");
    expect(shown.stdout).toContain("✓ no transaction is open for long");
    expect(shown.stdout).toMatch(/ {2}~ content {3}[0-9a-f]{16} → [0-9a-f]{16}\n {2}~ migrate {3}.\/counted.sh → /);
    expect(shown.stdout).toContain("! a backup is verified: no backup that is there now was ever proven");
    expect((await run("drift")).code).toBe(0);
    const kept = readFileSync(file, "utf8");
    writeFileSync(file, kept.replace("syncSeconds: 11", "syncSeconds: 12"));
    const drifted = await run("drift", "--json");
    expect(drifted.code).toBe(3);
    expect(answerOf<DriftAnswer>(drifted).drift).toMatchObject([{ where: file, seen: "limits.syncSeconds changed" }]);
    expect((await run("plan", "--to", "2024.2")).stderr).toContain("limits.syncSeconds changed");
    writeFileSync(file, kept);

    expect((await run("lock", "--reason", "audit")).code).toBe(0);
    for (const args of [["upgrade", "--to", "2024.2"], ["down"], ["lock", "--reason", "mine"]]) {
      const refused = await run(...args);
      expect([args[0], refused.code]).toEqual([args[0], 3]);
      expect(refused.stderr).toMatch(/locked by .+ since .+: audit\n {2}next: changeover unlock board/);
    }
    expect((await run("status")).stdout).toContain(": audit");
    expect((await run("unlock")).code).toBe(0);
    expect((await run("unlock")).code).toBe(3);
  });

  test("a server is locked by its name; a lock down is applied, says what a person must do, and holds an upgrade off", async () => {
    expect((await run("lock", "board", "app-1", "--why", "audit")).stdout).toContain('Server "app-1" is locked.');
    expect((await run("lock", "board", "app-9", "--why", "audit")).code).toBe(4);
    expect((await run("locks")).stdout).toMatch(/server "app-1" locked by .+: audit/);
    expect((await run("down")).stderr).toMatch(
      /server "app-1" is locked by .+\n {2}next: changeover unlock board app-1/,
    );
    const looked = await run("lockdown", "--json");
    expect(looked.code).toBe(3);
    const applied = await run("lockdown", "--apply", "--why", "the sale", "--json");
    expect(applied.code, "the board lies in no git").toBe(3);
    const open = answerOf<LockdownView>(applied).lines.filter(({ ok }) => !ok);
    expect(open.map(({ subject, asks }) => [subject, asks])).toEqual([
      ["environment file", "committed"],
      ["release 2024.1", "committed"],
    ]);
    expect((await run("plan", "--to", "2024.2")).stderr).toContain("changeover unlock board --all");
    expect((await run("unlock", "--all")).code).toBe(0);
    expect((await run("locks")).stdout).toContain("nothing is locked");
    expect((await run("sessions")).stdout).toMatch(/app-1 +pool a +0 open {2}\(lb-1 0\)/);
    expect((await run("sessions", "cut", "--why", "none")).code).toBe(3);
  });

  test("a time that is no time, or is over, plans nothing", async () => {
    expect((await run("plan", "--to", "2024.2", "--at", "tomorrow")).code).toBe(2);
    const over = await run("plan", "--to", "2024.2", "--at", "2020-01-01T02:00:00+01:00");
    expect(over.code).toBe(3);
    expect(over.stderr).toContain("2020-01-01T01:00:00.000Z is over");
  });

  test("Ctrl-C only stops watching; a second upgrade is refused; approved with the printed command, it reopens", async () => {
    const book = join(product.folder, "book.jsonl");
    const clients = product.start(["ledger", "--file", book, "--json"]);
    await told(clients, "ledger: ");
    const watching = product.start(["upgrade", "--to", "2024.2"]);
    await told(watching, "Fence ");
    watching.child.kill("SIGINT");
    const stopped = await watching.ended;
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain("The upgrade goes on without this command");
    const running = (await look()).upgrade;
    expect(running?.state).toBe("running");

    const second = await run("upgrade", "--to", "2024.2", "--yes");
    expect(second.code).toBe(3);
    expect(second.stderr).toContain(`"${running?.id}" is running`);
    expect((await run("down")).code).toBe(3);
    expect((await run("report")).code).toBe(3);

    // Without --yes it stops at the gate.
    const again = product.start(["watch"]);
    await told(again, '? Gate "reopen": ');
    const [, id = "", gate = ""] = /changeover approve (\S+) ([a-z-]+)/.exec(again.told()) ?? [];
    expect([id, gate]).toEqual([running?.id, "reopen"]);
    const stale = { answer: "approve", by: "someone", planHash: "0123456789abcdef" };
    await expect(product.client.send("POST", `/upgrades/${id}/gates/reopen`, stale)).rejects.toThrow("asks about plan");
    expect((await run("approve", id, gate)).code).toBe(0);
    expect((await again.ended).code).toBe(0);
    expect(sightOf(await look())).toEqual(serving("2024.2", size, "upgraded"));
    expect(await inSync(look)).toBe(true);

    clients.child.kill("SIGINT");
    const counted = await clients.ended;
    expect(counted.code, counted.stderr).toBe(0);
    const summary = answerOf<LedgerSummary>(counted);
    expect(harmOf(summary), await failuresIn(book)).toEqual(NO_HARM);
    expect(summary.writes.acknowledged).toBeGreaterThan(10);
    expect(summary.requests.paged).toBeGreaterThan(0);
    expect(answerOf<Report>(await run("report", "--json"))).toMatchObject({ outcome: "upgraded", reason: null });
  });

  test("what is over is not approved, taken back or done again", async () => {
    for (const command of ["approve", "rollback"]) expect([command, (await run(command)).code]).toEqual([command, 3]);
    expect((await run("upgrade", "--to", "2024.2")).stderr).toContain("is what serves now");
  });

  test("a count that finds nothing in the database says so", async () => {
    const invented = join(product.folder, "invented.jsonl");
    const lines = ["a-1", "a-2"].map((key) => JSON.stringify({ key, at: Date.now(), tries: 1, ms: 1, status: 201 }));
    writeFileSync(invented, `${lines.join("\n")}\n`);
    writeFileSync(`${invented}.answers`, "");
    const ran = await run("ledger", "--count", invented, "--json");
    expect(ran.code).toBe(1);
    expect(answerOf<LedgerSummary>(ran).writes).toEqual({ acknowledged: 2, lost: 2, duplicated: 0 });
  });

  test("no secret was printed, logged, journalled or given as an argument", async () => {
    const folder = join(product.home, "secrets");
    const secrets = readdirSync(folder).flatMap((name) =>
      Object.values(JSON.parse(readFileSync(join(folder, name), "utf8")) as Record<string, string>),
    );
    expect(secrets.length).toBeGreaterThan(3);
    const { upgrade } = await look();
    const texts = {
      printed,
      log: readFileSync(join(product.home, "control.log"), "utf8"),
      journal: JSON.stringify(upgrade),
      arguments: processesOf(product.folder)
        .map(({ command }) => command)
        .join("\n"),
    };
    expect(texts.arguments).toContain("mariadbd");
    for (const [where, text] of Object.entries(texts)) {
      const found = secrets.filter((secret) => text.includes(secret));
      expect(found, where).toEqual([]);
    }
  });
});
