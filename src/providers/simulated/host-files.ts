/** The disk of the simulated machine: all files of all servers by their absolute paths. */
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { extract } from "tar-stream";

export class Files {
  readonly #held = new Map<string, Buffer>();

  read(path: string): Buffer | null {
    return this.#held.get(path) ?? null;
  }

  write(path: string, data: Buffer): void {
    this.#held.set(path, data);
  }

  append(path: string, text: string): void {
    this.write(path, Buffer.concat([this.read(path) ?? Buffer.alloc(0), Buffer.from(text)]));
  }

  /** The file, or the folder with all that is in it. */
  remove(path: string): void {
    for (const each of this.#held.keys()) if (each === path || each.startsWith(`${path}/`)) this.#held.delete(each);
  }

  bytesIn(folder: string): number {
    const within = [...this.#held].filter(([path]) => path.startsWith(`${folder}/`));
    return within.reduce((sum, [, data]) => sum + data.length, 0);
  }

  hasFolder(path: string): boolean {
    return [...this.#held.keys()].some((each) => each.startsWith(`${path}/`));
  }

  async replaceTree(path: string, tar: Buffer): Promise<void> {
    const unpacked = await unpack(tar[0] === 0x1f && tar[1] === 0x8b ? gunzipSync(tar) : tar);
    this.remove(path);
    for (const [name, data] of unpacked) this.write(`${path}/${name}`, data);
  }
}

async function unpack(tar: Buffer): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for await (const entry of Readable.from([tar]).pipe(extract())) {
    const data = await buffer(entry);
    if (entry.header.type === "file") files.set(entry.header.name.replace(/^\.\//, ""), data);
  }
  return files;
}
