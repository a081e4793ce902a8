/** Takes a secret value from the terminal without showing it, or from standard input as it is. */
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { Problem } from "../model/problem.ts";

/** More than any credential may have: nobody pipes a disk into it. */
const MOST = 1024 * 1024;

/** What is typed is echoed by nobody: readline takes the terminal over, and writes to nowhere. */
export async function askHidden(question: string): Promise<string> {
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const asking = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 });
  const left = new AbortController();
  asking.once("SIGINT", () => left.abort());
  asking.once("close", () => left.abort());
  try {
    return await asking.question("", { signal: left.signal });
  } catch {
    throw notGiven("nothing was entered");
  } finally {
    asking.close();
    process.stderr.write("\n");
  }
}

/** UTF-8; one line end at its end belongs to the tool that wrote it. */
export async function readAll(input: AsyncIterable<Buffer | string>): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of input) {
    size += part.length;
    if (size > MOST) throw notGiven(`standard input has more than ${MOST} bytes`);
    parts.push(Buffer.from(part));
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(parts));
    return text.replace(/\r?\n$/, "");
  } catch {
    throw notGiven("standard input is not UTF-8 text");
  }
}

const notGiven = (why: string): Problem =>
  new Problem("bad-input", { what: "no value was given", why, next: "changeover credential set --help" });
