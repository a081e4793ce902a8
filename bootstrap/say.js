/** What the bootstrap tells people: single lines on stderr, so that stdout stays the command's own. */

/** Ends the bootstrap with one line: what happened, why, and what to type next. */
export class Stop extends Error {
  /**
   * @param {string} line
   * @param {string} [output] what the failed command printed
   */
  constructor(line, output = "") {
    super(line);
    this.output = output;
  }
}

/** @param {string} line */
export function say(line) {
  process.stderr.write(`changeover: ${line}\n`);
}

/** Says how a piece of work begins and how long it took. @template T @param {string} what @param {() => Promise<T>} work */
export async function timed(what, work) {
  say(`${what} …`);
  const began = performance.now();
  const result = await work();
  say(`${what} took ${seconds(performance.now() - began)}`);
  return result;
}

/** @param {number} milliseconds */
export const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1)} s`;

/** Runs `work`; a Stop becomes its line and exit code 2. @param {() => Promise<number>} work */
export async function ending(work) {
  try {
    process.exitCode = await work();
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    if (error.output.trim() !== "") process.stderr.write(`${error.output.trimEnd()}\n`);
    say(error.message);
    process.exitCode = 2;
  }
}
