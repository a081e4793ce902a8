/** The runner: its shell files as one text, named by its content so that an old one is never changed under a running job. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("./shell/", import.meta.url));

const text = readdirSync(folder)
  .filter((name) => name.endsWith(".sh"))
  .sort()
  .map((name) => readFileSync(`${folder}${name}`, "utf8"))
  .join("");

export const runnerScript = Buffer.from(text);
export const runnerName = `runner-${createHash("sha256").update(text).digest("hex").slice(0, 16)}.sh`;
