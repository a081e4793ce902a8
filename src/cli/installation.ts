/** Where this program's own files are: the same in a checkout, which runs TypeScript, and where npm has installed it. */
import { readFileSync } from "node:fs";
import { extname, join } from "node:path";

const ROOT = join(import.meta.dirname, "..", "..");
const ENDING = extname(import.meta.filename);

/** What a process of its own runs: the control plane, a ledger. */
export const MAIN = join(import.meta.dirname, "..", `main${ENDING}`);

export const VERSION: string = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).version;

export const EXAMPLES = join(ROOT, "examples");

/** An installed package may belong to somebody else: nothing is built in it. */
export const INSTALLED = ENDING === ".js";

/** How a person calls us. */
export const COMMAND = INSTALLED ? "changeover" : "npx changeover";
