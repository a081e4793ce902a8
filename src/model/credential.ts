/** A credential: a value that people give by name and that nobody is shown; what uses it carries only the name. */
import { z } from "zod";
import { Problem } from "./problem.ts";

/** Shorter ones could not be left out of texts without leaving out half of the texts. */
export const SHORTEST = 6;
/** A process can be given no environment variable of more than 128 KiB. */
const LONGEST = 32 * 1024;

export const credentialName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$/, "must be letters, digits, dots and dashes, at most 61");

/** The text itself, or where it is found when a process is started. */
export type Input = string | { credential: string };

export type Inputs = Record<string, Input>;

/** Every credential that these inputs name, once. */
export const credentialsIn = (...all: Inputs[]): string[] => [
  ...new Set(all.flatMap((inputs) => Object.values(inputs)).flatMap((one) => (isText(one) ? [] : [one.credential]))),
];

/** What a process gets; only for what starts it. */
export const valuesOf = (inputs: Inputs, credential: (name: string) => string): Record<string, string> =>
  Object.fromEntries(Object.entries(inputs).map(([key, one]) => [key, isText(one) ? one : credential(one.credential)]));

const isText = (input: Input): input is string => typeof input === "string";

/** Throws a Problem that says nothing of the value. */
export function checkCredential(name: string, value: string): void {
  const bytes = Buffer.byteLength(value);
  const why =
    value.trim().length < SHORTEST
      ? `it has ${value.trim().length} characters; fewer than ${SHORTEST} could not be kept out of logs and reports`
      : bytes > LONGEST
        ? `it has ${bytes} bytes, and a process can be given ${LONGEST} at most`
        : value.includes("\0")
          ? "it holds a zero byte, and no process can be given one"
          : null;
  if (why === null) return;
  throw new Problem("bad-input", {
    what: `credential "${name}" can't have this value`,
    why,
    next: "give another value by standard input; one line end at its end does not count",
  });
}

export const missingCredentials = (environment: string, [first = "", ...others]: string[], what: string): Problem =>
  new Problem("refused", {
    what,
    why: `environment "${environment}" has no credential ${[first, ...others].map((name) => `"${name}"`).join(", ")}`,
    next: `changeover credential set ${environment} ${first}`,
  });
