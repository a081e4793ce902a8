/** Makes the checkout ready to run: a Node that is new enough and the npm packages, one start at a time. */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packagesPresent } from "./dependencies.js";
import { runtimeHere, runtimePresent } from "./runtime.js";
import { Stop, say } from "./say.js";

export const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/** @param {import("./runtime.js").Runtime} runtime */
const targetOf = ({ version }) => ({ nodeVersion: version, platform: process.platform, arch: process.arch });

/** The Node to use when everything is there, else null; reads a few files and starts nothing. */
export function readyAtOnce() {
  const runtime = runtimeHere(root);
  return runtimePresent(runtime) && packagesPresent(root, targetOf(runtime)) ? runtime : null;
}

/** Brings what is missing, and brings Node again when the one that was brought does not run. */
export async function getReady() {
  // Loaded only here: the way of a command that has everything must stay short.
  const { bringRuntime, installPackages, runtimeRuns } = await import("./install.js");
  const { withLock } = await import("./lock.js");
  const ready = readyAtOnce();
  if (ready && (!ready.brought || (await runtimeRuns(ready)))) return ready;
  const folder = join(root, ".runtime");
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Stop(`${folder} can't be made · ${why} · run this once as a user who may write there`);
  }
  const onWait = () => say("another start is installing here, waiting for it …");
  const onLimit = () =>
    new Stop(`another start has been installing for too long · ${folder}/lock is held · end it, then run this again`);
  return withLock({ folder, name: "lock", limitMs: 900_000, onWait, onLimit }, async () => {
    sweep(folder);
    const runtime = runtimeHere(root);
    if (!runtimePresent(runtime) || (runtime.brought && !(await runtimeRuns(runtime))))
      await bringRuntime(root, runtime);
    if (!packagesPresent(root, targetOf(runtime))) await installPackages(root, runtime.path, targetOf(runtime));
    return runtime;
  });
}

/** What a killed start left. Its npm may still be writing there; then the next installation removes the rest. @param {string} folder */
function sweep(folder) {
  for (const entry of readdirSync(folder)) {
    if (!/^(bringing|packages)-/.test(entry)) continue;
    try {
      rmSync(join(folder, entry), { recursive: true, force: true });
    } catch (error) {
      say(`${join(folder, entry)} stays for now · ${error instanceof Error ? error.message : error}`);
    }
  }
}
