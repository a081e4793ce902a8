/** Hands the terminal over to the program itself: same input and output, signals passed on once, same ending. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { Stop } from "./say.js";

/** Node 22 calls type stripping experimental each time it starts. */
export const quietly = "--disable-warning=ExperimentalWarning";

const administratorFolders = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/**
 * Our Node first, so that scripts that say `node` get the same one; daemons live in sbin, which plain users lack.
 * @param {string} path @param {string} node @param {(path: string) => boolean} exists
 */
export function pathFor(path, node, exists) {
  const folders = path.split(delimiter).filter(Boolean);
  const first = folders.find((folder) => exists(join(folder, "node")));
  const front = first === dirname(node) ? [] : [dirname(node)];
  const back = administratorFolders.filter((folder) => !folders.includes(folder));
  return [...front, ...folders, ...back].join(delimiter);
}

/** @param {string} node @returns {NodeJS.ProcessEnv} */
export const environmentFor = (node) => ({ ...process.env, PATH: pathFor(process.env.PATH ?? "", node, existsSync) });

/**
 * Whether a Ctrl-C came from the terminal, which gives it to every process of the foreground group by itself.
 * @param {string} stat text of /proc/self/stat
 */
export function inForeground(stat) {
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return group === foreground;
}

function keyboardReachesChild() {
  if (process.platform !== "linux") return process.stdin.isTTY === true;
  return inForeground(readFileSync("/proc/self/stat", "utf8"));
}

/** @param {number | null} code @param {NodeJS.Signals | null} signal */
export const exitCodeOf = (code, signal) => (signal ? 128 + constants.signals[signal] : (code ?? 1));

/**
 * @param {string} node @param {string[]} args @param {NodeJS.ProcessEnv} [extra]
 * @returns {Promise<number>} the exit code, 128+n after signal n
 */
export function handOver(node, args, extra = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, [quietly, ...args], { stdio: "inherit", env: { ...environmentFor(node), ...extra } });
    /** @type {Map<string, number>} */
    const passed = new Map();
    const pass = (/** @type {NodeJS.Signals} */ signal) => {
      const keyboard = signal === "SIGINT" || signal === "SIGQUIT";
      if (keyboard && keyboardReachesChild()) return;
      // npm and a signalled group both deliver the same signal to us; the child must see one.
      const last = passed.get(signal) ?? Number.NEGATIVE_INFINITY;
      passed.set(signal, performance.now());
      if (performance.now() - last > 500) child.kill(signal);
    };
    /** @type {NodeJS.Signals[]} */
    const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];
    for (const signal of signals) process.on(signal, pass);
    const finish = () => {
      for (const signal of signals) process.removeListener(signal, pass);
    };
    child.on("error", (error) => {
      finish();
      reject(
        new Stop(`${node} could not be started · ${error.message} · remove ${dirname(node)}, then run this again`),
      );
    });
    child.on("exit", (code, signal) => {
      finish();
      resolve(exitCodeOf(code, signal));
    });
  });
}
