/** All values that an environment holds, at its own level and lent to its servers and groups, and each way to edit them. Pure. */
import { z } from "zod";
import { environmentName } from "../environment.ts";
import { canonical } from "../plan.ts";
import { isOpen, type Lease, leaseSchema, type OpenOverride } from "./override.ts";
import { type InputValues, inputName, inputValueSchema, serverName } from "./value.ts";

export const placeSchema = z.discriminatedUnion("level", [
  z.strictObject({ level: z.literal("environment"), owner: z.literal("") }),
  z.strictObject({ level: z.literal("group"), owner: environmentName }),
  z.strictObject({ level: z.literal("server"), owner: serverName }),
]);

/** The environment itself, or one of its groups or servers by name. */
export type Place = z.infer<typeof placeSchema>;

export const ENVIRONMENT: Place = { level: "environment", owner: "" };

const heldSchema = z.strictObject({
  place: placeSchema,
  input: inputName,
  value: inputValueSchema,
  /** Null for the environment's own values: these are nobody's loan. */
  lease: leaseSchema.nullable(),
});

export type HeldInput = z.infer<typeof heldSchema>;

/** In the order of `inOrder`, so that equal sets have equal text. */
export type InputSet = readonly HeldInput[];

export const keyOf = ({ place, input }: Pick<HeldInput, "place" | "input">): string =>
  `${place.level} ${place.owner} ${input}`;

export const inOrder = (held: readonly HeldInput[]): InputSet =>
  [...held].sort((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));

export const textOf = (set: InputSet): string => canonical(inOrder(set));

export const setOf = (text: string): InputSet => inOrder(z.array(heldSchema).parse(JSON.parse(text)));

export const isAt = ({ level, owner }: Place, { place }: Pick<HeldInput, "place">): boolean =>
  place.level === level && place.owner === owner;

/** What counts there now: not what has lapsed. */
export const valuesAt = (set: InputSet, place: Place, now: number): InputValues =>
  Object.fromEntries(
    set.filter((one) => isAt(place, one) && counts(one, now)).map(({ input, value }) => [input, value]),
  );

export const counts = ({ lease }: Pick<HeldInput, "lease">, now: number): boolean =>
  lease === null || isOpen(lease, now);

/** `inherit` is as if nothing stood there, so nothing does. */
export function put(set: InputSet, place: Place, values: InputValues, lease: Lease | null): InputSet {
  const others = set.filter((one) => !(isAt(place, one) && Object.hasOwn(values, one.input)));
  const fresh = Object.entries(values).flatMap(([input, value]) =>
    "inherit" in value ? [] : [{ place, input, value, lease }],
  );
  return inOrder([...others, ...fresh]);
}

export const take = (set: InputSet, chosen: readonly HeldInput[]): InputSet =>
  set.filter((one) => !chosen.includes(one));

export interface Chosen {
  /** Null: of every group and server. */
  place: Place | null;
  /** Null: all of them. */
  names: readonly string[] | null;
}

export const overridesIn = (set: InputSet, { place, names }: Chosen): HeldInput[] =>
  set.filter(
    (one) =>
      one.lease !== null && (place === null || isAt(place, one)) && (names === null || names.includes(one.input)),
  );

export const openOverridesOf = (set: InputSet, now: number): OpenOverride[] =>
  set.flatMap(({ place, input, lease }) =>
    lease !== null && place.level !== "environment" && isOpen(lease, now)
      ? [{ level: place.level, owner: place.owner, input, ...lease }]
      : [],
  );

export interface Promotion {
  set: InputSet;
  /** Inputs on which those who override them don't agree, each with who says what. */
  quarrels: { input: string; owners: string[] }[];
}

/** The environment's from now on, and nobody's loan any more; what has lapsed is not promoted, since it counts nowhere. */
export function promote(set: InputSet, chosen: Chosen, now: number): Promotion {
  const open = overridesIn(set, chosen).filter((one) => counts(one, now));
  const byInput = Map.groupBy(open, ({ input }) => input);
  const quarrels: Promotion["quarrels"] = [];
  const values: InputValues = {};
  for (const [input, all] of byInput) {
    const [first] = all;
    if (!first) continue;
    if (all.some(({ value }) => canonical(value) !== canonical(first.value)))
      quarrels.push({ input, owners: all.map(({ place }) => `${place.level} "${place.owner}"`) });
    else values[input] = first.value;
  }
  return { set: put(take(set, open), ENVIRONMENT, values, null), quarrels };
}
