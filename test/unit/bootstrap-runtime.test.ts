/** Which Node runs us, and which npm runs under it. */
import { expect, test } from "vitest";
import { findNpm, npmEnvironment } from "../../bootstrap/npm.js";
import { broughtVersion, chooseRuntime, suits } from "../../bootstrap/runtime.js";

const machine = { version: "20.20.2", path: "/usr/bin/node", platform: "linux", arch: "x64", least: ">=22.18" };

test.each([
  ["20.20.2", false],
  ["22.17.9", false],
  ["22.18.0", true],
  ["23.11.1", false],
  ["24.0.0", true],
  ["25.9.0", false],
  ["26.10.0", true],
  ["27.1.0", true],
])("Node %s suits us: %s", (version, expected) => {
  expect(suits(version, ">=22.18")).toBe(expected);
});

test("a Node that suits us is used as it is", () => {
  expect(chooseRuntime("/checkout", { ...machine, version: "24.3.0" })).toEqual({
    path: "/usr/bin/node",
    version: "24.3.0",
    brought: false,
  });
});

test.each([
  ["linux", "x64"],
  ["linux", "arm64"],
  ["darwin", "arm64"],
])("an older one on %s-%s is replaced by one inside of the checkout", (platform, arch) => {
  expect(chooseRuntime("/checkout", { ...machine, platform, arch })).toEqual({
    path: `/checkout/.runtime/node_modules/node-${platform}-${arch}/bin/node`,
    version: broughtVersion,
    brought: true,
  });
});

test("the brought Node itself suits us", () => {
  expect(suits(broughtVersion, machine.least)).toBe(true);
});

test("where none can be brought, the line says what to install", () => {
  expect(() => chooseRuntime("/checkout", { ...machine, arch: "riscv64" })).toThrow(
    /linux-riscv64 · install Node >=22\.18/,
  );
});

const only =
  (...there: string[]) =>
  (path: string) =>
    there.includes(path) ? path : null;

test("the npm that started us is the npm we use", () => {
  const env = { npm_execpath: "/a/npm/bin/npm-cli.js", PATH: "/usr/bin" };
  const real = only("/a/npm/bin/npm-cli.js", "/usr/bin/npm");
  expect(findNpm({ execPath: "/usr/bin/node", env, real })).toBe("/a/npm/bin/npm-cli.js");
});

test("started by npx, npm's own script stands beside npx's", () => {
  const env = { npm_execpath: "/a/npm/bin/npx-cli.js", PATH: "" };
  expect(findNpm({ execPath: "/x/bin/node", env, real: only("/a/npm/bin/npm-cli.js") })).toBe("/a/npm/bin/npm-cli.js");
});

test("another package manager is not taken for npm", () => {
  const env = { npm_execpath: "/a/pnpm.cjs", PATH: "/usr/bin" };
  expect(findNpm({ execPath: "/usr/bin/node", env, real: only("/a/pnpm.cjs", "/usr/bin/npm") })).toBe("/usr/bin/npm");
});

test("without npm there is none", () => {
  expect(findNpm({ execPath: "/usr/bin/node", env: {}, real: () => null })).toBe(null);
});

test("the outer npm's settings and NODE_ENV do not reach the inner one, the registry does", () => {
  const env = {
    PATH: "/usr/bin",
    NODE_ENV: "production",
    npm_config_loglevel: "silent",
    npm_config_omit: "dev",
    npm_config_registry: "https://registry.example",
  };
  expect(npmEnvironment(env, "/n/bin/node")).toEqual({
    PATH: "/n/bin:/usr/bin",
    npm_config_registry: "https://registry.example",
  });
});
