/** The law of revisions: whatever is edited, committed or tried on the database, what was committed never changes. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Library, openLibrary } from "../../src/run/template-library.ts";
import { type Artefacts, openArtefacts } from "../../src/store/artefacts.ts";
import { ensureEmbedded, removeEmbedded } from "../../src/store/embedded.ts";
import { readPacked } from "../../src/store/packed.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { revisionsOf } from "../../src/store/templates.ts";

const home = mkdtempSync(path.join(os.tmpdir(), "changeover-templates-"));
let store: Store;
let artefacts: Artefacts;
let library: Library;

beforeAll(async () => {
  store = await openStore({ url: (await ensureEmbedded({ home })).url });
  artefacts = openArtefacts(home);
  library = openLibrary({ store, artefacts });
}, 60_000);

afterAll(async () => {
  await store?.close();
  await removeEmbedded({ home });
  rmSync(home, { recursive: true, force: true });
}, 60_000);

const ATTACKS = [
  "update changeover.template_revisions set message = 'another'",
  "update changeover.template_revisions set hash = repeat('0', 32), manifest = '{}'",
  "delete from changeover.template_revisions",
  "truncate changeover.template_revisions cascade",
  "truncate changeover.templates cascade",
  "delete from changeover.templates",
];

const word = fc.constantFrom("one", "two", "three");
const deeds = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant("edit" as const),
      file: fc.constantFrom("a.sh" as const, "b.sh" as const, "notes.txt" as const),
      text: word,
    }),
    fc.constant({ kind: "remove" as const }),
    fc.record({ kind: fc.constant("mode" as const), executable: fc.boolean() }),
    fc.record({ kind: fc.constant("describe" as const), text: word }),
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("commit" as const),
        at: fc.constantFrom("once" as const, "twice at once" as const),
      }),
    },
    fc.record({ kind: fc.constant("attack" as const), sql: fc.constantFrom(...ATTACKS) }),
  ),
  { minLength: 5, maxLength: 14 },
);

/** What the folder holds, as one text: equal texts must be equal revisions. */
interface Folder {
  files: Map<string, string>;
  /** Of the note, which is no script. */
  executable: boolean;
  description: string;
}

function write(at: string, name: string, { files, executable, description }: Folder): string {
  rmSync(at, { recursive: true, force: true });
  mkdirSync(at, { recursive: true });
  const manifest = { name, description, scripts: { boot: [{ run: "a.sh" }, { run: "b.sh" }] } };
  writeFileSync(path.join(at, "template.yaml"), JSON.stringify(manifest));
  for (const [file, text] of files) {
    writeFileSync(path.join(at, file), text);
    chmodSync(path.join(at, file), file.endsWith(".sh") || executable ? 0o755 : 0o644);
  }
  return JSON.stringify([[...files].sort(), files.has("notes.txt") && executable, description]);
}

/** Everything that is kept of each revision, down to the bytes of its files. */
async function everything(name: string) {
  const rows = await revisionsOf(store, name);
  return Promise.all(
    rows.map(async (row) => ({ row, files: [...(await readPacked(await artefacts.read(row.hash)))] })),
  );
}

let number = 0;

test("a revision never changes, and the same content is the same revision", async () => {
  await fc.assert(
    fc.asyncProperty(deeds, async (all) => {
      const name = `law-${number++}`;
      const at = path.join(home, name);
      const folder: Folder = {
        files: new Map([
          ["a.sh", "one"],
          ["b.sh", "one"],
        ]),
        executable: false,
        description: "",
      };
      const known = new Map<string, number>();
      let seen: Awaited<ReturnType<typeof everything>> = [];
      for (const deed of all) {
        if (deed.kind === "edit") folder.files.set(deed.file, deed.text);
        if (deed.kind === "remove") folder.files.delete("notes.txt");
        if (deed.kind === "mode") folder.executable = deed.executable;
        if (deed.kind === "describe") folder.description = deed.text;
        if (deed.kind === "attack" && seen.length > 0) await expect(store.query(deed.sql)).rejects.toThrow();
        if (deed.kind === "commit") {
          const content = write(at, name, folder);
          const wish = { of: { folder: at }, message: "as it is", by: "ann", moved: false };
          const made = await Promise.all(
            Array.from({ length: deed.at === "once" ? 1 : 2 }, () => library.commit(wish)),
          );
          const wanted = known.get(content) ?? known.size + 1;
          expect(made.map(({ revision }) => revision)).toEqual(made.map(() => wanted));
          expect(made.filter((one) => one.made).length).toBe(known.has(content) ? 0 : 1);
          known.set(content, wanted);
        }
        if (deed.kind !== "commit" && deed.kind !== "attack") continue;
        const now = await everything(name);
        // What was there is there, as it was; newer ones stand before it.
        expect(now.slice(now.length - seen.length)).toEqual(seen);
        expect(now.map(({ row }) => row.number)).toEqual(
          [...new Set(known.values())].sort((left, right) => right - left),
        );
        seen = now;
      }
    }),
    { numRuns: 12 },
  );
}, 60_000);

test("what is committed is what was packed, also while the folder is being changed", async () => {
  const at = path.join(home, "moving");
  const folder: Folder = {
    files: new Map([
      ["a.sh", "one"],
      ["b.sh", "one"],
    ]),
    executable: false,
    description: "first",
  };
  write(at, "moving", folder);
  const wish = { of: { folder: at }, message: "first", by: "ann", moved: false };
  await library.commit(wish);
  write(at, "moving", { ...folder, description: "second" });
  const { manifest } = await library.find({ name: "moving", revision: 1 });
  expect(manifest.description).toBe("first");
  expect((await library.find({ name: "moving", revision: null })).manifest.description).toBe("second");
  const differs = await library.diff("moving", "1", "head");
  expect(differs).toMatchObject({ from: "moving@1", to: "moving@head", same: false });
  expect(differs.files.map((one) => one.path)).toEqual(["template.yaml"]);
});

test("a template of the same name in another folder is not taken for it, unless it has moved", async () => {
  const [here, there] = [path.join(home, "here"), path.join(home, "there")];
  const folder: Folder = {
    files: new Map([
      ["a.sh", "one"],
      ["b.sh", "one"],
    ]),
    executable: false,
    description: "",
  };
  for (const at of [here, there]) write(at, "twin", folder);
  const commit = (of: string, moved = false) => library.commit({ of: { folder: of }, message: "it", by: "ann", moved });
  await commit(here);
  await expect(commit(there)).rejects.toThrow('template "twin" can\'t be committed from');
  expect(await commit(there, true)).toMatchObject({ revision: 1, made: false });
  await expect(commit(here)).rejects.toThrow("it lies in");
});
