/** Looks at the files that an environment file names, before anything is done with them. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { EnvironmentDefinition } from "../model/environment.ts";
import type { Artefacts } from "../store/artefacts.ts";
import { lineOfKey } from "../model/yaml-file.ts";
import { Problem } from "../model/problem.ts";
import { DEFAULT_PAGE } from "./page.ts";

/** Found now rather than in the middle of an upgrade. */
export function mustHaveFolders(definition: EnvironmentDefinition, path: string): void {
  for (const [release, { artefact }] of Object.entries(definition.releases)) {
    const folder = resolve(dirname(path), artefact);
    if (existsSync(folder)) continue;
    throw new Problem("bad-input", {
      what: `release "${release}" has no folder`,
      why: `there is no ${folder}`,
      next: "mend releases.…artefact in the environment file",
      at: placeIn(path, ["releases", release, "artefact"]),
    });
  }
}

/** A mistake is shown in the user's own file, as it is now. */
function placeIn(path: string, key: string[]): string {
  return existsSync(path) ? `${path}:${lineOfKey(readFileSync(path, "utf8"), key)}` : path;
}

export function readPage(definition: EnvironmentDefinition, path: string): string {
  const { page } = definition.maintenance;
  if (page === undefined) return DEFAULT_PAGE;
  const file = resolve(dirname(path), page);
  if (!existsSync(file)) {
    throw new Problem("bad-input", {
      what: "the maintenance page is missing",
      why: `there is no ${file}`,
      next: "mend maintenance.page in the environment file",
      at: placeIn(path, ["maintenance", "page"]),
    });
  }
  const html = readFileSync(file, "utf8");
  if (Buffer.byteLength(html) < 16_000) return html;
  throw new Problem("bad-input", {
    what: "the maintenance page is too large",
    why: `${file} has ${Buffer.byteLength(html)} bytes, a load balancer takes less than 16 000`,
    next: "move pictures and styles out of it",
    at: placeIn(path, ["maintenance", "page"]),
  });
}

/** A word of a command that names a script of the release: a relative path, or a name that ends like one. */
const SCRIPT = /^(\.\/\S+|[\w./-]+\.(?:c?js|mjs|ts|sh|py|rb|php|pl|sql))$/;

/** After the build, each script that a command names must be in the folder. */
function mustHaveScripts(definition: EnvironmentDefinition, release: string, path: string): void {
  const wanted = definition.releases[release];
  if (!wanted) return;
  const folder = resolve(dirname(path), wanted.artefact);
  const commands = {
    "start.web": wanted.start.web,
    "start.worker": wanted.start.worker,
    migrate: wanted.migrate,
    prepare: wanted.prepare,
  };
  for (const [key, command] of Object.entries(commands)) {
    const script = command?.split(/\s+/).find((word) => SCRIPT.test(word) && !word.startsWith("/"));
    if (!script || existsSync(resolve(folder, script))) continue;
    throw new Problem("bad-input", {
      what: `release "${release}" lacks a script`,
      why: `${key} is "${command}", but there is no ${resolve(folder, script)}`,
      next: "mend the command, or add the script to the release's folder",
      at: placeIn(path, ["releases", release, ...key.split(".")]),
    });
  }
}

/** Gives the content hash of a release, built and packed as it is now. */
export async function packRelease(
  artefacts: Artefacts,
  definition: EnvironmentDefinition,
  release: string,
  path: string,
) {
  const wanted = definition.releases[release];
  if (!wanted) throw new Error(`no release "${release}"`);
  const hash = await artefacts.pack(resolve(dirname(path), wanted.artefact), wanted.build);
  mustHaveScripts(definition, release, path);
  return hash;
}
