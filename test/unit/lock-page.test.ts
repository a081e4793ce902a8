/** The page about locks shows the lock matrix as it is; `npm test -- test/unit/lock-page.test.ts -u` writes it anew. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { mayDo } from "../../src/model/locks/matrix.ts";
import { askers, type LockVerb, type Verb, verbsOf } from "../../src/model/locks/verbs.ts";

const page = path.join(import.meta.dirname, "../../docs/operate/locks.md");
const [from, to] = ["<!-- the matrix, written by a test -->", "<!-- the end of the matrix -->"];

const FREE = { environment: false, server: false, run: "none" } as const;

function cells(verb: Verb, { askers: asked, touches }: LockVerb): string[] {
  const asker = asked[0] ?? "person";
  const may = (state: Partial<Parameters<typeof mayDo>[1]>) => mayDo(verb, { ...FREE, ...state }, asker).allowed;
  const say = (allowed: boolean) => (allowed ? "yes" : "**no**");
  const [copies, changes, stuck] = (["copies", "changes", "stuck"] as const).map((run) => may({ run }));
  const during =
    copies === changes && changes === stuck
      ? say(changes === true)
      : `${stuck ? "only one that is stuck" : "only beside one that copies"}`;
  const who = asked.length === askers.length ? "anybody" : asked.map((one) => `${one}s`.replace("persons", "people"));
  const server = touches === "none" ? "yes" : say(may({ server: true }));
  return [say(may({})), say(may({ environment: true })), server, during, Array.isArray(who) ? who.join(", ") : who];
}

function draw(): string {
  const tables = Object.entries(verbsOf).map(([about, rows]) => {
    const lines = Object.entries(rows as Record<string, LockVerb>).map(
      ([verb, row]) => `| ${row.does} | \`${verb}\` | ${cells(verb as Verb, row).join(" | ")} |`,
    );
    return [
      `| ${about} | | nothing locked | environment locked | its server locked | a run in flight | asked by |`,
      "|---|---|---|---|---|---|---|",
      ...lines,
    ].join("\n");
  });
  return tables.join("\n\n");
}

test("the page says what the matrix says", async () => {
  const text = readFileSync(page, "utf8");
  expect(text).toContain(from);
  expect(text).toContain(to);
  const written = `${text.slice(0, text.indexOf(from) + from.length)}\n\n${draw()}\n\n${text.slice(text.indexOf(to))}`;
  await expect(written).toMatchFileSnapshot(page);
});
