/** What differs between the release that serves and the one that is to serve: its content and its keys. Pure. */
import type { Difference } from "../model/difference.ts";
import type { EnvironmentDefinition } from "../model/environment.ts";
import { readNamed, sayTemplate } from "../model/template/reference.ts";
import { seenTemplate } from "../model/template/server-state.ts";
import type { Blue } from "./blue.ts";

interface Wish {
  definition: EnvironmentDefinition;
  blue: Blue;
  to: string;
}

/** `artefact`: content hash of the new release. What serves is asked of the servers, as the file's folder may have changed. */
export function differencesOf({ definition, blue, to }: Wish, artefact: string): Difference[] {
  const served = new Set(blue.applications.flatMap(({ installed }) => (installed ? [installed.artefact] : [])));
  const templates = new Set(blue.applications.flatMap(({ record }) => seenTemplate(record)?.template ?? []));
  const before = {
    ...keysOf(to === blue.release ? asInstalled({ definition, blue, to }) : definition.releases[blue.release]),
    content: [...served].map(short).sort().join(", "),
    ...templated([...templates].sort().join(", ")),
  };
  const wished = readNamed(definition.application.template ?? "");
  const after = {
    ...keysOf(definition.releases[to]),
    content: short(artefact),
    ...templated(wished ? sayTemplate(wished) : ""),
  };
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .sort()
    .map((key) => ({ key, from: valueIn(before, key), to: valueIn(after, key) }))
    .filter(({ from, to: wanted }) => from !== wanted);
}

/** Of the very release that serves the file may say something else by now than what its servers were given. */
function asInstalled({ definition, blue, to }: Wish): unknown {
  const installed = blue.applications.find((one) => one.installed)?.installed;
  if (!installed) return definition.releases[to];
  const { start, prepare, inputs } = installed;
  return { ...definition.releases[to], start, prepare: prepare ?? undefined, inputs };
}

/** What the servers are launched with, which is no part of the release. */
const templated = (template: string): Record<string, string> => (template === "" ? {} : { template });

const short = (hash: string): string => hash.slice(0, 16);
const valueIn = (keys: Record<string, string>, key: string): string | null => keys[key] ?? null;

/** Every text in it by its path; a credential by its name, which is all that is known of it. */
function keysOf(value: unknown, path: string[] = []): Record<string, string> {
  if (value === undefined) return {};
  if (value === null || typeof value !== "object") return { [path.join(".")]: String(value) };
  if (path[0] === "inputs" && path.length === 2) return { [path.join(".")]: `credential ${Object.values(value)[0]}` };
  return Object.assign({}, ...Object.entries(value).map(([key, held]) => keysOf(held, [...path, key])));
}
