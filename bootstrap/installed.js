/** What `changeover` is where npm has installed it: emitted JavaScript, run in this process by the Node that runs us. */
import { existsSync, readFileSync } from "node:fs";
import { pathFor } from "./handover.js";
import { atLeast } from "./runtime.js";
import { ending, Stop } from "./say.js";

export const main = () =>
  ending(async () => {
    const { engines } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    const version = process.versions.node;
    if (!atLeast(version, engines.node)) {
      throw new Stop(
        `Node ${version} is too old · ${engines.node} is needed · ` +
          "install it from https://nodejs.org or your distribution, then run this again",
      );
    }
    process.env.PATH = pathFor(process.env.PATH ?? "", process.execPath, existsSync);
    await import(new URL("../dist/main.js", import.meta.url).href);
    return Number(process.exitCode ?? 0);
  });
