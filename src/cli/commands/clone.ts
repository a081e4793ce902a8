/** `changeover clone ENVIRONMENT NAME`: writes the file of another environment that shares nothing, and says what is still open. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isUnedited } from "../../model/isolation/clone-file.ts";
import { Problem } from "../../model/problem.ts";
import { type CloneReport, drawClone } from "../../view/clone.ts";
import type { Client } from "../client.ts";
import { type AddCommand, JSON_OPTION, type JsonOption, whoAsks } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { findHome } from "../home.ts";
import { printJson } from "../output.ts";

interface CloneOptions extends JsonOption {
  set: string[];
  file?: string;
  takeSuggestions?: boolean;
  sameLineage?: boolean;
  why?: string;
}

export type Cloned = CloneReport & {
  written: "new" | "again" | "unchanged";
  copied: { what: string; copied: number }[];
};

export const clone: AddCommand = (program) => {
  program
    .command("clone")
    .description(
      "write the file of another environment, for staging or disaster recovery, that shares nothing; launches nothing",
    )
    .argument("<environment>", "the one that it is made of")
    .argument("<name>", "the new one's")
    .option(
      "--set <key=value>",
      "another value in the new file; may be repeated",
      (one, all: string[]) => [...all, one],
      [],
    )
    .option("--take-suggestions", "also in texts that name a host of the first one's, put the new one's in its place")
    .option("--file <path>", "where to write it; beside the first one's file when left out")
    .option("--same-lineage", "its backups are versions of the same data, on purpose: disaster recovery")
    .option("--why <text>", "why, with --same-lineage")
    .option(...JSON_OPTION)
    .action(async (environment: string, name: string, options: CloneOptions) => {
      const client = await ensureControlPlane(findHome());
      const cloned = await makeClone(client, environment, name, options);
      if (options.json) printJson(cloned);
      else console.log(drawClone(cloned, `${WRITTEN[cloned.written]} ${cloned.path}.`).join("\n"));
    });
};

const WRITTEN = { new: "Wrote", again: "Wrote again", unchanged: "Nothing changed in" };

export async function makeClone(
  client: Client,
  environment: string,
  name: string,
  options: Omit<CloneOptions, "json">,
): Promise<Cloned> {
  const { set, file, takeSuggestions = false } = options;
  const wish = {
    name,
    path: file === undefined ? null : resolve(file),
    set,
    takeSuggestions,
    sameLineage: whyOf(options),
  };
  const at = `/environments/${encodeURIComponent(environment)}/clones`;
  const { text, ...report } = await client.send<CloneReport & { text: string }>("POST", `${at}/plans`, wish);
  const written = write(report.path, text);
  const copied = await client.send<Cloned["copied"]>("POST", at, { name, by: whoAsks() });
  return { ...report, written, copied };
}

function whyOf({ sameLineage, why }: CloneOptions): string | null {
  if (sameLineage === true && why !== undefined) return why;
  if (sameLineage !== true && why === undefined) return null;
  throw new Problem("bad-input", {
    what: "one lineage for two environments has to be meant",
    why: sameLineage === true ? "--why says what it is for, and is missing" : "--why is only for --same-lineage",
    next: 'changeover clone live recovery --same-lineage --why "disaster recovery"',
  });
}

/** Nobody's edits are lost: only what we wrote ourselves, and nobody has touched since, is written again. */
function write(path: string, text: string): Cloned["written"] {
  if (!existsSync(path)) {
    if (!existsSync(dirname(path))) throw taken(path, "there is no such folder");
    writeFileSync(path, text, { flag: "wx" });
    return "new";
  }
  const there = readFileSync(path, "utf8");
  if (there === text) return "unchanged";
  if (!isUnedited(there)) throw taken(path, "it is there already, and somebody wrote it or has edited it");
  writeFileSync(path, text);
  return "again";
}

const taken = (path: string, why: string): Problem =>
  new Problem("refused", {
    what: `${path} is not written`,
    why,
    next: `edit it, then: changeover up ${path}; or name another one: --file ${join(dirname(path), "another.yaml")}`,
  });
