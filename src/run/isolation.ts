/** Whether an environment is apart from the others that are known here: read from what is saved, refused with the line. */
import { readFileSync } from "node:fs";
import { lineOfKey } from "../model/yaml-file.ts";
import { type Footprint, intentOf, type Neighbours, type PlacedText } from "../model/isolation/footprint.ts";
import {
  type Intersection,
  intersections,
  placeOf,
  refusing,
  sayIntersection,
  sayIntersections,
  type Side,
} from "../model/isolation/intersections.ts";
import { Problem } from "../model/problem.ts";
import { listEnvironments, originOf, type SavedEnvironment } from "../store/environments.ts";
import type { Db } from "../store/store.ts";

/** What is compared, beside what is saved of each environment. */
export interface Belongings {
  /** Values that nobody is shown: what people set, and what was made here. */
  sealed(environment: string): Pick<Footprint, "credentials" | "secrets">;
  /** Inputs that our own store holds, at every level. */
  inputs(environment: string): Promise<PlacedText[]>;
}

type Written = Pick<SavedEnvironment, "name" | "definition" | "network">;

export async function footprintOf(parts: Belongings, { name, definition, network }: Written): Promise<Footprint> {
  const prefix = network.prefix === undefined ? null : String(network.prefix);
  const inputs = await parts.inputs(name);
  return { environment: name, definition, network: prefix, inputs, ...parts.sealed(name) };
}

/** Clones that rehearsals use are left out: they have the names of what they are made of, on purpose, and they go. */
export async function neighboursOf(parts: Belongings, db: Db, own: Written): Promise<Neighbours> {
  const others = (await listEnvironments(db)).filter((one) => one.name !== own.name && originOf(one) === null);
  return {
    own: await footprintOf(parts, own),
    others: await Promise.all(others.map((one) => footprintOf(parts, one))),
  };
}

export const sharedWith = ({ own, others }: Neighbours): Intersection[] =>
  others.flatMap((other) => intersections(own, other, intentOf(own, other)));

/** Texts of environment files, by environment. */
export type Files = Map<string, { path: string; text: string }>;

export async function readFiles(db: Db): Promise<Files> {
  const files: Files = new Map();
  for (const { name, definitionPath: path } of await listEnvironments(db)) {
    try {
      files.set(name, { path, text: readFileSync(path, "utf8") });
    } catch {
      // Its owner may have moved it: then its keys say where to look.
    }
  }
  return files;
}

/** `file:line` where there is a file, else the key or the command. */
export const whereIn =
  (files: Files) =>
  ({ environment, at }: Side): string => {
    const file = files.get(environment);
    return "key" in at && file ? `${file.path}:${lineOfKey(file.text, at.key)}` : placeOf(at);
  };

/** What is shared and no reason to refuse, in sentences; throws a Problem for what is. */
export function mustBeApart(neighbours: Neighbours, strict: boolean, files: Files): string[] {
  const found = sharedWith(neighbours);
  const refused = refusing(found, strict);
  const where = whereIn(files);
  const [first] = refused;
  if (!first) return found.map((one) => sayIntersection(one, where));
  const { environment } = neighbours.own;
  const others = [...new Set(refused.map(({ right }) => `"${right.environment}"`))];
  throw new Problem("refused", {
    what: `"${environment}" can't be launched: it is not apart from ${others.join(", ")}`,
    why: sayIntersections(refused, where),
    next: "key" in first.left.at ? `mend ${where(first.left)}, then: changeover up FILE` : first.left.at.command,
  });
}
