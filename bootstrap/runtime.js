/** Decides which Node runs us: the machine's own where it runs TypeScript as it stands, else one inside of the checkout. */
import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { Stop } from "./say.js";

/** The Node that is brought; the only place where its version is written. */
export const broughtVersion = "24.21.0";

const platforms = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"];

/** @param {string} version */
const numbers = (version) =>
  version
    .replace(/^[^\d]*/, "")
    .split(".")
    .map(Number);

/**
 * Odd majors are short-lived: 23 strips types only from its middle on, and the test runner refuses them.
 * @param {string} version @param {string} least as in package.json's engines, ">=22.18"
 */
export function suits(version, least) {
  const [major = 0] = numbers(version);
  return (major % 2 === 0 || major >= 27) && atLeast(version, least);
}

/** @param {string} version @param {string} least as in package.json's engines, ">=22.18" */
export function atLeast(version, least) {
  const [major = 0, minor = 0] = numbers(version);
  const [leastMajor = 0, leastMinor = 0] = numbers(least);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

/**
 * @typedef {{ path: string, version: string, brought: boolean }} Runtime
 * @param {string} root the checkout
 * @param {{ version: string, path: string, platform: string, arch: string, least: string }} machine
 * @returns {Runtime}
 */
export function chooseRuntime(root, { version, path, platform, arch, least }) {
  if (suits(version, least)) return { path, version, brought: false };
  const name = `${platform}-${arch}`;
  if (!platforms.includes(name)) {
    throw new Stop(
      `Node ${version} is too old, and none can be brought for ${name} · install Node ${least}, then run this again`,
    );
  }
  const brought = join(folderOf(root, name), "bin", "node");
  return { path: brought, version: broughtVersion, brought: true };
}

/** @param {string} root @param {string} name */
const folderOf = (root, name) => join(root, ".runtime", "node_modules", `node-${name}`);

/** @param {string} root */
export function runtimeHere(root) {
  const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const { version, execPath: path, platform, arch } = process;
  return chooseRuntime(root, { version: version.slice(1), path, platform, arch, least: engines.node });
}

/** Beside the brought Node: what it was when it ran for the first time. @param {string} path of bin/node */
export const proofFile = (path) => join(dirname(path), "..", ".changeover-proven");

/** @param {Runtime} runtime */
export const proofOf = ({ path, version }) => `${version} ${statSync(path).size}`;

/** Looks at files only, so that it costs nothing on the fast way. @param {Runtime} runtime */
export function runtimePresent(runtime) {
  if (!runtime.brought) return true;
  try {
    accessSync(runtime.path, constants.X_OK);
    return readFileSync(proofFile(runtime.path), "utf8") === proofOf(runtime);
  } catch {
    return false;
  }
}
