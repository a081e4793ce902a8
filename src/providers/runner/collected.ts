/** What a command prints, kept whole or refused: half an answer must not be taken for one. */
import { Problem } from "../../model/problem.ts";

const limit = 64 * 1024 * 1024;

export class Collected {
  readonly #chunks: Buffer[] = [];
  #size = 0;

  constructor(stream?: NodeJS.ReadableStream) {
    stream?.on("data", (chunk: Buffer) => this.add(chunk));
  }

  /** Beyond the limit it is read and dropped, so that the writer never waits. */
  add(chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size <= limit) this.#chunks.push(chunk);
  }

  whole(): Buffer {
    if (this.#size <= limit) return Buffer.concat(this.#chunks);
    throw new Problem("refused", {
      what: "a command printed too much",
      why: `${this.#size} bytes, and an answer has at most ${limit}`,
      next: "let it write to a file on the host",
    });
  }
}
