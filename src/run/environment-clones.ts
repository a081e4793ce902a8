/** Clones of environments: composes the file of one that stays, says what was shared and what is left to decide. Launches nothing. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { environmentName } from "../model/environment.ts";
import { parseEnvironment } from "../model/environment-file.ts";
import { draftClone, type Note, readSetting, sealClone } from "../model/isolation/clone-file.ts";
import { type Change, derive, suggestionFor } from "../model/isolation/derive.ts";
import type { Footprint } from "../model/isolation/footprint.ts";
import type { Intersection } from "../model/isolation/intersections.ts";
import { canonical } from "../model/plan.ts";
import { Problem } from "../model/problem.ts";
import { readBlue } from "../plan/blue.ts";
import { findEnvironment, type SavedEnvironment } from "../store/environments.ts";
import type { Store } from "../store/store.ts";
import { type CloneReport, viewClone } from "../view/clone.ts";
import { mustBeNobodysClone } from "./clones.ts";
import type { Environments } from "./environments.ts";
import { type Belongings, footprintOf, neighboursOf, readFiles, sharedWith, whereIn } from "./isolation.ts";

export interface CloneWish {
  origin: string;
  name: string;
  /** Absolute; null: beside the origin's file. */
  path: string | null;
  /** As typed: KEY=VALUE. */
  set: readonly string[];
  /** Take what is suggested for texts that name the origin. */
  takeSuggestions: boolean;
  /** Why backups keep the origin's lineage; null: they do not. */
  sameLineage: string | null;
}

/** What our store holds beside the file is copied by these, one for each kind of thing; there is no link back. */
export interface Carrier {
  what: string;
  /** Gives how many were copied; what is there already stays. */
  carry(from: string, to: string, by: string): Promise<number>;
}

export interface EnvironmentClones {
  /** Only composes: nothing is written anywhere. */
  compose(wish: CloneWish): Promise<CloneReport & { text: string }>;
  /** Copies what our store holds, for an environment of that file. */
  carry(origin: string, name: string, by: string): Promise<{ what: string; copied: number }[]>;
}

export interface CloneDesk {
  store: Store;
  environments: Environments;
  belongings: Belongings;
  carriers: readonly Carrier[];
}

export function openEnvironmentClones(desk: CloneDesk): EnvironmentClones {
  return {
    compose: (wish) => compose(desk, wish),
    async carry(origin, name, by) {
      await mustBeFree(desk, await desk.environments.find(origin), name);
      const done: { what: string; copied: number }[] = [];
      for (const { what, carry } of desk.carriers) done.push({ what, copied: await carry(origin, name, by) });
      return done;
    },
  };
}

async function mustBeFree({ store, environments }: CloneDesk, origin: SavedEnvironment, name: string): Promise<void> {
  mustBeNobodysClone(origin);
  const refuse = (why: string): Problem =>
    new Problem("refused", {
      what: `"${origin.name}" can't be cloned as "${name}"`,
      why,
      next: `choose another name: changeover clone ${origin.name} NAME`,
    });
  const named = environmentName.safeParse(name);
  if (!named.success) throw refuse(`the name ${named.error.issues[0]?.message}`);
  if (name === origin.name) throw refuse("a clone needs a name of its own");
  const there = await findEnvironment(store, name);
  if (there) mustBeNobodysClone(there);
  if (there && (await environments.look(name, ({ provider }) => provider.list(name))).length > 0)
    throw refuse("an environment of that name is up");
}

async function compose(desk: CloneDesk, wish: CloneWish): Promise<CloneReport & { text: string }> {
  const { store, environments, belongings } = desk;
  const { name, sameLineage } = wish;
  const origin = await environments.find(wish.origin);
  await mustBeFree(desk, origin, name);
  const path = wish.path ?? join(dirname(origin.definitionPath), `${name}.yaml`);
  const source = textOf(origin);
  const release = await servedRelease(desk, origin.name);
  const folders = { origin: dirname(origin.definitionPath), clone: dirname(path) };
  const asked = settings(parse(source.text), wish);
  const derived = derive(origin.definition, { name, release, sameLineage, folders });
  const settled = [...derived.filter(({ key }) => !asked.some((one) => sameKey(one.key, key))), ...asked];
  const there = await footprintOf(belongings, origin);
  const drafted = async (changes: readonly Change[]) => {
    const draft = draftClone(source, changes, { origin: origin.name, name, path });
    const { own, others } = await neighboursOf(belongings, store, { name, definition: draft.definition, network: {} });
    return { changes, text: draft.text, own, found: sharedWith({ own, others }) };
  };
  const first = await drafted(settled);
  const suggested = wish.takeSuggestions ? suggestions(first.own, there, first.found) : [];
  const { changes, text: draft, own, found } = suggested.length > 0 ? await drafted([...settled, ...suggested]) : first;
  const text = sealClone(
    draft,
    found.flatMap((one) => noteOn(one, suggestionFor(own, there, one))),
  );
  const files = (await readFiles(store)).set(name, { path, text });
  const facts = { origin: there, clone: own, path, generated: source.generated, changes, found };
  return { ...viewClone({ ...facts, where: whereIn(files) }), text };
}

/** Null when it is not clear what serves: then the file's own stays. */
const servedRelease = (desk: CloneDesk, origin: string): Promise<string | null> =>
  desk.environments.inventory(origin).then(
    (seen) => readBlue(seen).release,
    () => null,
  );

const sameKey = (one: readonly string[], other: readonly string[]): boolean => one.join("\n") === other.join("\n");

function settings(data: unknown, { set, name }: CloneWish): Change[] {
  return set.map((typed) => {
    const { key, to } = readSetting(data, typed);
    if (sameKey(key, ["environment"]) && to !== name) {
      throw new Problem("bad-input", {
        what: "the clone's name is told twice, and not the same",
        why: `it is "${name}", and --set says ${JSON.stringify(to)}`,
        next: "leave out --set environment=…",
      });
    }
    const from = key.reduce<unknown>((held, part) => (held as Record<string, unknown> | undefined)?.[part], data);
    return { key, from, to, how: "asked", why: "--set" };
  });
}

/** The origin's own text while it says what was saved; else what was saved, which has no comments. */
function textOf({ definition, definitionPath: path }: SavedEnvironment) {
  try {
    const text = readFileSync(path, "utf8");
    if (canonical(parseEnvironment(text, path)) === canonical(definition)) return { text, path, generated: false };
  } catch {
    // It was moved, or is being edited.
  }
  return { text: stringify(definition, { aliasDuplicateObjects: false, lineWidth: 120 }), path, generated: true };
}

function suggestions(clone: Footprint, origin: Footprint, all: readonly Intersection[]): Change[] {
  const found = all.flatMap((one): Change[] => {
    const to = suggestionFor(clone, origin, one);
    if (to === null || !("key" in one.left.at)) return [];
    return [{ key: one.left.at.key, from: one.value, to, how: "derived", why: "as suggested" }];
  });
  return found.filter(({ key }, turn) => found.findIndex((one) => sameKey(one.key, key)) === turn);
}

function noteOn({ kind, value, left, right }: Intersection, suggestion: string | null): Note[] {
  if (!("key" in left.at)) return [];
  const instead = suggestion === null ? "" : `; suggested: ${suggestion}`;
  return [{ key: left.at.key, comment: `DECIDE: ${kind} ${value} is also of "${right.environment}"${instead}` }];
}
