/** Exports: what a way back gives up, as files of lines that only the control plane's user can read. */
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import type { World } from "../model/world.ts";

export type Exports = Pick<World, "writeExport" | "readExport" | "removeExport">;

export function openExports(home: string): Exports {
  const folder = join(home, "exports");
  const pathOf = (name: string): string => {
    if (!/^[a-z0-9][a-z0-9-]{0,100}$/.test(name)) throw new TypeError(`not the name of an export: "${name}"`);
    return join(folder, `${name}.jsonl`);
  };
  return {
    async writeExport(name, fill) {
      const path = pathOf(name);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      // Two who write the same at once must not share what is half done.
      const part = `${path}.${process.pid}-${Math.random().toString(36).slice(2)}`;
      try {
        await writeLines(part, fill);
        await rename(part, path);
        await sync(folder);
      } finally {
        await rm(part, { force: true });
      }
      return path;
    },
    async readExport(name, each) {
      const path = pathOf(name);
      if (!(await stat(path).catch(() => null))) return null;
      let [lines, rest] = [0, ""];
      // By line feeds only: readline also splits at characters that JSON leaves as they are.
      for await (const chunk of createReadStream(path, "utf8")) {
        const whole = (rest + chunk).split("\n");
        rest = whole.pop() ?? "";
        for (const line of whole) each(line);
        lines += whole.length;
      }
      if (rest !== "") throw new Error(`${path} ends in the middle of a line`);
      return { lines };
    },
    removeExport: (name) => rm(pathOf(name), { force: true }),
  };
}

async function writeLines(path: string, fill: Parameters<Exports["writeExport"]>[1]): Promise<void> {
  const stream = createWriteStream(path, { mode: 0o600, flags: "wx" });
  const ended = finished(stream);
  // Thrown where the writing waits for it.
  ended.catch(() => {});
  try {
    await fill(async (line) => {
      if (!stream.write(`${line}\n`)) await Promise.race([once(stream, "drain"), ended]);
    });
    stream.end();
    await ended;
  } finally {
    stream.destroy();
    // It may still be on its way to make the file, which would then be there after it was removed.
    if (!stream.closed) await once(stream, "close").catch(() => {});
  }
  await sync(path);
}

/** On disk before anything is done that relies on it. */
async function sync(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
