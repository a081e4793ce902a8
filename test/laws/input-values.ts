/** Generated scripts, values and sets of inputs, dense enough that levels meet on the same names. */
import fc from "fast-check";
import type { DeclaringScript, InputDeclaration } from "../../src/model/inputs/declaration.ts";
import { type HeldInput, type InputSet, inOrder, keyOf, type Place } from "../../src/model/inputs/set.ts";
import type { InputItem, InputValue, InputValues } from "../../src/model/inputs/value.ts";

export const NOW = Date.parse("2026-06-10T12:00:00Z");
export const NAMES = ["A", "B", "C", "D", "E"];
const OTHERS = ["db-1", "app-1"];

const texts = fc.oneof(
  fc.constantFrom("", "x", "y", " z ", "a,b", "text:t", "ignore", "credential:no", "\\,", "https://host/a:b"),
  fc.string({ unit: "grapheme", maxLength: 12 }).filter((it) => !it.includes("\0") && it.isWellFormed()),
);
const item: fc.Arbitrary<InputItem> = fc.oneof(
  { weight: 4, arbitrary: texts.map((text) => ({ text })) },
  { weight: 1, arbitrary: fc.constantFrom("smtp", "db.key").map((credential) => ({ credential })) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...OTHERS), fc.constantFrom("address", "A", "B"))
      .map(([server, value]) => ({ server, value })),
  },
);

export const values: fc.Arbitrary<InputValue> = fc.oneof(
  { weight: 8, arbitrary: item },
  { weight: 1, arbitrary: fc.constant({ key: "deploy" }) },
  { weight: 2, arbitrary: fc.array(item, { maxLength: 3 }).map((array) => ({ array })) },
  { weight: 2, arbitrary: fc.constant({ ignore: true as const }) },
  { weight: 2, arbitrary: fc.constant({ inherit: true as const }) },
);

export const levelValues: fc.Arbitrary<InputValues> = fc.dictionary(fc.constantFrom(...NAMES), values, { maxKeys: 4 });

const declaration: fc.Arbitrary<InputDeclaration> = fc
  .record({
    required: fc.boolean(),
    default: fc.option(values, { nil: undefined }),
    choices: fc.option(fc.subarray(["", "x", "y", "a,b"], { minLength: 1 }), { nil: undefined }),
  })
  .map(({ required, ...rest }) => ({
    ...{ description: "", category: "general", required },
    ...(rest.default && { default: rest.default }),
    ...(rest.choices && { choices: rest.choices }),
  }));

const phases = fc.constantFrom("boot" as const, "operational" as const, "decommission" as const, undefined);

export const scripts: fc.Arbitrary<DeclaringScript[]> = fc
  .array(fc.tuple(phases, fc.dictionary(fc.constantFrom(...NAMES), declaration, { maxKeys: 5 })), { maxLength: 3 })
  .map((all) => all.map(([phase, inputs], at) => ({ script: `s${at}`, inputs, ...(phase && { phase }) })));

export const PLACES: Place[] = [
  { level: "environment", owner: "" },
  { level: "group", owner: "web" },
  { level: "server", owner: "app-1" },
  { level: "server", owner: "db-1" },
];

const meaningful = values.filter((value) => !("inherit" in value));

/** Overrides that are open, and some that have lapsed. */
const held: fc.Arbitrary<HeldInput> = fc
  .record({
    place: fc.constantFrom(...PLACES),
    input: fc.constantFrom(...NAMES),
    value: meaningful,
    left: fc.constantFrom(-3_600_000, 0, 1, 3_600_000, 3_600_000, 3_600_000),
  })
  .map(({ place, input, value, left }) => ({
    ...{ place, input, value },
    lease:
      place.level === "environment" ? null : { by: "anna", why: "a trial", since: NOW - 7_200_000, until: NOW + left },
  }));

export const sets: fc.Arbitrary<InputSet> = fc
  .uniqueArray(held, { selector: keyOf, maxLength: 12 })
  .map((all) => inOrder(all));
