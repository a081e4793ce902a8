/** Looks into what was packed: which files it holds, and the text of those that are small enough to be read by people. */
import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import tar from "tar-stream";
import type { Stored } from "../model/host.ts";

export interface PackedFile {
  path: string;
  executable: boolean;
  bytes: number;
  /** Of its content, or of where a link leads to. */
  hash: string;
  /** Null for what is too long to be shown, for links, and for what is no text. */
  text: string | null;
}

/** Longer ones are only told apart. */
const SHOWN_BYTES = 64 * 1024;

/** By path, in the order of the archive; folders are left out. Holds one file of its content at a time. */
export async function readPacked(packed: Stored): Promise<Map<string, PackedFile>> {
  const files = new Map<string, PackedFile>();
  const source = packed.open();
  const entries = source.pipe(tar.extract());
  source.on("error", (error) => entries.destroy(error));
  for await (const entry of entries) {
    const { name: path, type, mode = 0, size = 0, linkname } = entry.header;
    if (type === "directory") entry.resume();
    else if (type === "symlink") {
      entry.resume();
      files.set(path, { path, executable: false, bytes: 0, hash: sha256(Buffer.from(linkname ?? "")), text: null });
    } else {
      const shown = size <= SHOWN_BYTES;
      const content = shown ? await buffer(entry) : null;
      const hash = content ? sha256(content) : await hashOf(entry);
      const text = content ? textOf(content) : null;
      files.set(path, { path, executable: (mode & 0o100) !== 0, bytes: size, hash, text });
    }
  }
  return files;
}

const sha256 = (content: Buffer): string => createHash("sha256").update(content).digest("hex");

async function hashOf(content: AsyncIterable<unknown>): Promise<string> {
  const hash = createHash("sha256");
  for await (const part of content) hash.update(part as Buffer);
  return hash.digest("hex");
}

function textOf(content: Buffer): string | null {
  if (content.includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    return null;
  }
}
