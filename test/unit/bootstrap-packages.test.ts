/** When node_modules counts as what package-lock.json asks for. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { packagesPresent, satisfies, stampFor } from "../../bootstrap/dependencies.js";

const target = { nodeVersion: "24.21.0", platform: "linux", arch: "x64" };
const lockOf = (packages: Record<string, object>) => JSON.stringify({ packages });
const lock = lockOf({
  "": { version: "1.0.0" },
  "node_modules/zod": { version: "4.0.0" },
  "node_modules/bin-linux": { version: "2.0.0", optional: true, os: ["linux"], cpu: ["x64"] },
  "node_modules/bin-musl": { version: "2.0.0", optional: true, os: ["linux"], cpu: ["x64"], libc: ["musl"] },
  "node_modules/bin-darwin": { version: "2.0.0", optional: true, os: ["darwin"], cpu: ["arm64"] },
});
const zod = { "node_modules/zod": { version: "4.0.0" } };
const binary = { "node_modules/bin-linux": { version: "2.0.0" } };

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "bootstrap-packages-"));
  mkdirSync(join(root, "node_modules"));
  writeFileSync(join(root, "package-lock.json"), lock);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const install = (packages: object) =>
  writeFileSync(join(root, "node_modules", ".package-lock.json"), JSON.stringify({ packages }));
const stamp = (text: string) => writeFileSync(join(root, "node_modules", ".changeover-stamp"), text);

test("everything this platform needs is there", () => {
  expect(satisfies(lock, lockOf({ ...zod, ...binary }), target)).toBe(true);
});

test("a package is missing, also an optional one that is made for this platform", () => {
  expect(satisfies(lock, lockOf(binary), target)).toBe(false);
  expect(satisfies(lock, lockOf(zod), target)).toBe(false);
});

test("a package has another version", () => {
  expect(satisfies(lock, lockOf({ ...binary, "node_modules/zod": { version: "4.0.1" } }), target)).toBe(false);
});

test("the stamp tells lock files, Node majors and platforms apart, and nothing else", () => {
  const same = stampFor(lock, { ...target, nodeVersion: "24.22.1" });
  expect(stampFor(lock, target)).toBe(same);
  expect(stampFor(`${lock} `, target)).not.toBe(same);
  expect(stampFor(lock, { ...target, nodeVersion: "26.0.0" })).not.toBe(same);
  expect(stampFor(lock, { ...target, arch: "arm64" })).not.toBe(same);
});

test("without node_modules there is nothing", () => {
  rmSync(join(root, "node_modules"), { recursive: true });
  expect(packagesPresent(root, target)).toBe(false);
});

test("packages that someone installed by hand are not installed again", () => {
  install({ ...zod, ...binary });
  expect(packagesPresent(root, target)).toBe(true);
});

test("a changed lock file asks for what it adds", () => {
  install({ ...zod, ...binary });
  expect(packagesPresent(root, target)).toBe(true);
  writeFileSync(
    join(root, "package-lock.json"),
    lockOf({ ...JSON.parse(lock).packages, "node_modules/yaml": { version: "2.0.0" } }),
  );
  expect(packagesPresent(root, target)).toBe(false);
});

test("another Node major installs anew", () => {
  install({ ...zod, ...binary });
  stamp(stampFor(lock, { ...target, nodeVersion: "22.18.0" }));
  expect(packagesPresent(root, target)).toBe(false);
});
