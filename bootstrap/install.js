/** Brings Node and the npm packages from the registry: each installed beside, proven, and renamed into its place. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { capture } from "./capture.js";
import { satisfies, stampFile, stampFor, textOf } from "./dependencies.js";
import { runNpm } from "./npm.js";
import { proofFile, proofOf } from "./runtime.js";
import { Stop, timed } from "./say.js";

/** @typedef {import("./runtime.js").Runtime} Runtime */
/** @typedef {import("./dependencies.js").Target} Target */

/** Nothing we use needs a script of its own to be installed, and npm 12 runs none. */
const scriptless = ["--ignore-scripts"];

/** @param {Runtime} runtime */
export async function runtimeRuns({ path, version }) {
  const { code, output } = await capture(path, ["--version"], { limitMs: 20_000 });
  return code === 0 && output.trim() === `v${version}`;
}

/** Installs beside and renames, so that nobody ever sees half a Node. @param {string} root @param {Runtime} runtime */
export async function bringRuntime(root, runtime) {
  const name = `node-${process.platform}-${process.arch}`;
  await timed(`bringing Node ${runtime.version} (this machine has ${process.versions.node})`, async () => {
    const beside = mkdtempSync(join(root, ".runtime", "bringing-"));
    const npm = await runNpm(
      process.execPath,
      ["install", "--prefix", beside, "--no-save", "--no-package-lock", ...scriptless, `${name}@${runtime.version}`],
      beside,
    );
    const fresh = join(beside, "node_modules", name);
    const brought = { ...runtime, path: join(fresh, "bin", "node") };
    const runs = npm.code === 0 && (await runtimeRuns(brought));
    if (!runs) {
      rmSync(beside, { recursive: true, force: true });
      const why = npm.code === 0 ? "it does not run on this machine" : `npm ended with ${npm.code}`;
      throw new Stop(
        `Node ${runtime.version} could not be brought · ${why} · install Node 24 yourself, then run this again`,
        npm.output,
      );
    }
    writeFileSync(proofFile(brought.path), proofOf(brought));
    const place = dirname(dirname(runtime.path));
    mkdirSync(dirname(place), { recursive: true });
    if (existsSync(place)) renameSync(place, join(beside, "old"));
    renameSync(fresh, place);
    rmSync(beside, { recursive: true, force: true });
  });
}

/**
 * Not `npm ci`: it refuses a lock file that was written where the registry had no packages for other platforms. In an
 * empty folder `npm install` takes the locked versions just the same, and that is looked at afterwards. Beside, so that
 * a running control plane of this checkout keeps the packages it has until the new ones are complete.
 * @param {string} root @param {string} node @param {Target} target
 */
export async function installPackages(root, node, target) {
  await timed("installing npm packages", async () => {
    const beside = mkdtempSync(join(root, ".runtime", "packages-"));
    for (const name of ["package.json", "package-lock.json", ".npmrc"]) {
      if (existsSync(join(root, name))) copyFileSync(join(root, name), join(beside, name));
    }
    const lock = readFileSync(join(beside, "package-lock.json"), "utf8");
    const npm = await runNpm(
      node,
      ["install", "--no-save", ...scriptless, "--include=dev", "--include=optional"],
      beside,
    );
    const fresh = join(beside, "node_modules");
    const installed = textOf(join(fresh, ".package-lock.json"));
    const complete = npm.code === 0 && installed !== null && satisfies(lock, installed, target);
    if (!complete) {
      rmSync(beside, { recursive: true, force: true });
      const why =
        npm.code === 0 ? "package-lock.json asks for others than npm installed" : `npm ended with ${npm.code}`;
      throw new Stop(`npm packages could not be installed · ${why} · see above, then run this again`, npm.output);
    }
    writeFileSync(stampFile(beside), stampFor(lock, target));
    swap(join(root, "node_modules"), fresh, join(beside, "old"));
    rmSync(beside, { recursive: true, force: true });
  });
}

/** @param {string} place @param {string} fresh @param {string} aside */
function swap(place, fresh, aside) {
  try {
    if (existsSync(place)) renameSync(place, aside);
    renameSync(fresh, place);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Stop(`node_modules can't be replaced · ${why} · npm install --no-save --ignore-scripts`);
  }
}
