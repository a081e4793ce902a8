/** Finds npm's own script and runs it under the Node we chose, because npm picks package versions by the Node it runs on. */
import { existsSync, realpathSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { capture } from "./capture.js";
import { Stop } from "./say.js";

/** Settings of an outer `npm run` that would change what our own installation does. */
const foreignSettings =
  /^npm_config_(dry_run|global|ignore_scripts|include|json|location|loglevel|local_prefix|omit|only|optional|package|prefix|production|save|workspaces?)$/i;

/**
 * @param {{ execPath: string, env: NodeJS.ProcessEnv, real: (path: string) => string | null }} machine
 *   `real` follows links and answers null where there is no file.
 * @returns {string | null} npm-cli.js, or an executable called npm where it is no script of Node's, or null
 */
export function findNpm({ execPath, env, real }) {
  const told = env.npm_execpath ?? "";
  const beside = join(dirname(execPath), "..", "lib", "node_modules", "npm", "bin", "npm-cli.js");
  const scripts = [beside];
  if (basename(told) === "npm-cli.js") scripts.unshift(told);
  if (basename(told) === "npx-cli.js") scripts.unshift(join(dirname(told), "npm-cli.js"));
  const onPath = (env.PATH ?? "")
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, "npm"));
  for (const candidate of [...scripts, ...onPath]) {
    const found = real(candidate);
    if (found) return found;
  }
  return null;
}

/** @param {NodeJS.ProcessEnv} env @param {string} node */
export function npmEnvironment(env, node) {
  const kept = Object.entries(env).filter(([name]) => !foreignSettings.test(name) && name !== "NODE_ENV");
  return { ...Object.fromEntries(kept), PATH: `${dirname(node)}${delimiter}${env.PATH ?? ""}` };
}

/** @param {string} node @param {string[]} args @param {string} cwd */
export async function runNpm(node, args, cwd) {
  const real = (/** @type {string} */ path) => (existsSync(path) ? realpathSync(path) : null);
  const npm = findNpm({ execPath: process.execPath, env: process.env, real });
  if (!npm)
    throw new Stop(
      "npm was not found · it comes with Node, but not in every distribution · sudo apt-get install -y npm",
    );
  const settings = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];
  const [command, first] = npm.endsWith(".js") ? [node, [npm]] : [npm, []];
  return capture(command, [...first, ...args, ...settings], {
    limitMs: 600_000,
    cwd,
    env: npmEnvironment(process.env, node),
  });
}
