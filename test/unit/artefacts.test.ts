/** What is packed is what is read again, as often as it is opened, and nothing else is ever handed out. */
import { appendFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openArtefacts } from "../../src/store/artefacts.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "artefacts-"));
  await mkdir(join(home, "release"));
  await writeFile(join(home, "release", "web.sh"), "#!/bin/sh\n".repeat(100_000), { mode: 0o755 });
});
afterEach(() => rm(home, { recursive: true, force: true }));

test("equal folders give equal content, which can be read twice", async () => {
  const artefacts = openArtefacts(home);
  const hash = await artefacts.pack(join(home, "release"), undefined);
  expect(await artefacts.pack(join(home, "release"), undefined)).toBe(hash);
  const stored = await artefacts.read(hash);
  const [first, second] = [await buffer(stored.open()), await buffer(stored.open())];
  expect(first.length).toBe(stored.bytes);
  expect(first.equals(second)).toBe(true);
  expect(first.length).toBeGreaterThan(1_000_000);
});

test("one that was changed on the disk is refused, and so is one that is gone", async () => {
  const artefacts = openArtefacts(home);
  const hash = await artefacts.pack(join(home, "release"), undefined);
  const [file = ""] = await readdir(join(home, "artefacts"));
  await appendFile(join(home, "artefacts", file), "x");
  await expect(artefacts.read(hash)).rejects.toMatchObject({ kind: "refused" });
  await rm(join(home, "artefacts", file));
  await expect(artefacts.read(hash)).rejects.toMatchObject({ kind: "not-found" });
});
