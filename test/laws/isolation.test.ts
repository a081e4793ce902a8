/** Laws of being apart: a derived clone shares nothing, whatever is planted is found, and only what is meant is forgiven. */
import { z } from "zod";
import { groupShape } from "../../src/model/group/settings.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { environmentSchema } from "../../src/model/environment.ts";
import { draftClone, isUnedited, sealClone } from "../../src/model/isolation/clone-file.ts";
import { derive } from "../../src/model/isolation/derive.ts";
import { edited, editText } from "../../src/model/isolation/edit-text.ts";
import type { Footprint, Intent } from "../../src/model/isolation/footprint.ts";
import { type Intersection, intersections, refusing } from "../../src/model/isolation/intersections.ts";
import { kinds } from "../../src/model/isolation/kinds.ts";
import {
  namesIn,
  mentionsAddress,
  mentionsName,
  mentionsNetwork,
  withName,
} from "../../src/model/isolation/spelling.ts";
import { Problem } from "../../src/model/problem.ts";
import { mustBeApart } from "../../src/run/isolation.ts";
import { CLONE, drawn, FOLDERS, pairs, planting, plants } from "./two-environments.ts";

const NOT_MEANT: Intent = { sameLineage: null };
const MEANT: Intent = { sameLineage: "disaster recovery" };

const turned = ({ left, right, ...rest }: Intersection): Intersection => ({ ...rest, left: right, right: left });
const asSet = (found: Intersection[]): string[] => found.map((one) => JSON.stringify(one)).sort();

function expectSymmetric(left: Footprint, right: Footprint, intent: Intent): Intersection[] {
  const found = intersections(left, right, intent);
  expect(asSet(intersections(right, left, intent).map(turned))).toEqual(asSet(found));
  return found;
}

const launch = (own: Footprint, other: Footprint): string[] =>
  mustBeApart({ own, others: [other] }, true, new Map([[own.environment, { path: "/files/staging.yaml", text: "" }]]));

test("a derived clone shares nothing with what it is made of, whichever is asked, and is launched without a word", () => {
  fc.assert(
    fc.property(pairs, ({ origin, clone }) => {
      expect(expectSymmetric(clone, origin.footprint, NOT_MEANT)).toEqual([]);
      expect(launch(clone, origin.footprint)).toEqual([]);
    }),
    { numRuns: 60, seed: 1 },
  );
});

test("one that is only named otherwise shares its host names and lineage, and that is seen before anything is derived", () => {
  fc.assert(
    fc.property(drawn, ({ definition, footprint }) => {
      const copy = { ...footprint, environment: CLONE, network: null, secrets: [], inputs: [] };
      const found = expectSymmetric(
        {
          ...copy,
          definition: { ...definition, environment: CLONE, backups: { ...definition.backups, lineage: "live" } },
        },
        { ...footprint, definition: { ...definition, backups: { ...definition.backups, lineage: undefined } } },
        NOT_MEANT,
      );
      const seen = new Set(found.map(({ kind }) => kind));
      expect(["host name", "backup lineage", "credential"].filter((kind) => !seen.has(kind))).toEqual([]);
    }),
    { numRuns: 50, seed: 1 },
  );
});

test("whatever one thing is planted, in whatever place and spelling, it is found and refuses the launch", () => {
  expect([...new Set(plants.map(({ name }) => name))]).toHaveLength(plants.length);
  expect(plants.length).toBeGreaterThan(700);
  const found = new Set<string>();
  fc.assert(
    fc.property(pairs, planting, (pair, plant) => {
      const { kind, clone, origin } = plant.put(pair);
      const all = expectSymmetric(clone, origin, NOT_MEANT);
      const own = all.filter((one) => one.kind === kind);
      expect(own, plant.name).not.toEqual([]);
      expect(refusing(all, true)).toEqual(all);
      expect(() => launch(clone, origin), plant.name).toThrow(Problem);
      found.add(kind);
    }),
    { numRuns: 200, seed: 1 },
  );
  expect([...found].sort()).toEqual(kinds.map(({ kind }) => kind).sort());
});

test("each of them is found once through", () => {
  const [pair] = fc.sample(pairs, { numRuns: 1, seed: 7 });
  if (!pair) throw new Error("nothing was drawn");
  const missed = plants.filter((plant) => {
    const { kind, clone, origin } = plant.put(pair);
    return !intersections(clone, origin, NOT_MEANT).some((one) => one.kind === kind);
  });
  expect(missed.map(({ name }) => name)).toEqual([]);
});

test("a copy of a scaling group begins disabled", () => {
  const [found] = fc.sample(drawn, { numRuns: 1, seed: 3 });
  if (!found) throw new Error("nothing was drawn");
  const { application } = found.definition;
  const burst = z.strictObject({ name: z.string(), ...groupShape }).parse({ name: "burst", size: 1, enabled: true });
  const enabled = { ...application, group: burst };
  const changes = derive(
    { ...found.definition, application: enabled },
    { name: CLONE, release: null, sameLineage: null, folders: FOLDERS },
  );
  expect(changes).toContainEqual(expect.objectContaining({ key: ["application", "group", "enabled"], to: false }));
});

test("with one lineage on purpose that is forgiven, and nothing else", () => {
  const lineage = plants.find(({ name }) => name === "backup lineage");
  if (!lineage) throw new Error("there is no such plant");
  fc.assert(
    fc.property(pairs, planting, (pair, plant) => {
      const both = plant.put({ ...pair, clone: lineage.put(pair).clone });
      const before = intersections(both.clone, both.origin, NOT_MEANT);
      const after = expectSymmetric(both.clone, both.origin, MEANT);
      expect(after).toEqual(before.filter(({ kind }) => kind !== "backup lineage"));
      expect(after.some(({ kind }) => kind === both.kind)).toBe(both.kind !== "backup lineage");
    }),
    { numRuns: 120, seed: 1 },
  );
});

test("no secret stands in what is found", () => {
  fc.assert(
    fc.property(pairs, planting, (pair, plant) => {
      const { clone, origin } = plant.put(pair);
      const told = JSON.stringify(intersections(clone, origin, NOT_MEANT));
      for (const hidden of [pair.origin.values.secret, pair.origin.values.credential])
        expect(told).not.toContain(hidden);
    }),
    { numRuns: 100, seed: 2 },
  );
});

test("a credential that only reads may be the same where either file says so; another one may not", () => {
  fc.assert(
    fc.property(pairs, fc.boolean(), ({ origin, clone }, here) => {
      const declare = (of: Footprint, name: string): Footprint => ({
        ...of,
        definition: { ...of.definition, isolation: { ...of.definition.isolation, sharedCredentials: [name] } },
      });
      const same = { ...clone, credentials: origin.footprint.credentials };
      const [left, right] = here
        ? [declare(same, "smtp"), origin.footprint]
        : [same, declare(origin.footprint, "smtp")];
      expect(expectSymmetric(left, right, NOT_MEANT)).toEqual([]);
      expect(expectSymmetric(declare(same, "other"), origin.footprint, NOT_MEANT)).not.toEqual([]);
    }),
    { numRuns: 50, seed: 1 },
  );
});

test("what only looks like it is left alone", () => {
  const near = (name: string): string[] => [
    `my${name}`,
    `staging.${name}`,
    `${name}.evil.test`,
    `${name}-old`,
    `a-${name}`,
  ];
  fc.assert(
    fc.property(drawn, ({ definition: { hosts }, values }) => {
      for (const text of near(hosts.public.toLowerCase())) expect(mentionsName(text, hosts.public), text).toBe(false);
      for (const text of [`${values.network}9.4`, `9${values.network}.4`, `1.${values.network}.4`])
        expect(mentionsNetwork(text, values.network), text).toBe(false);
      for (const text of [`${values.address}1`, `1${values.address}`, `${values.address}.1`])
        expect(mentionsAddress(text, values.address), text).toBe(false);
    }),
    { numRuns: 100, seed: 1 },
  );
  // A single word may stand in any text.
  expect(["the shop", "shop=1", "shopping", "a shop: open"].filter((text) => mentionsName(text, "shop"))).toEqual([]);
  for (const text of ["shop", "SHOP:8080", "http://shop/x", "me@shop"])
    expect(mentionsName(text, "shop"), text).toBe(true);
});

test("a name that was put in another's place is there, and the other one is not", () => {
  fc.assert(
    fc.property(
      drawn,
      fc.constantFrom("https://%/x", ".%", "a@%,%", "%:80", "(%)"),
      ({ definition: { hosts } }, shape) => {
        const text = shape.replaceAll("%", hosts.public.toUpperCase());
        const made = withName(text, hosts.public, `staging.${hosts.public}`);
        expect(mentionsName(made, hosts.public), made).toBe(false);
        expect(namesIn(made)).toContain(`staging.${hosts.public}`.toLowerCase());
      },
    ),
    { numRuns: 100, seed: 1 },
  );
});

test("the clone's file says what was derived, keeps every line that is not about it, and knows whether it was edited", () => {
  fc.assert(
    fc.property(drawn, fc.boolean(), ({ definition }, inFlow) => {
      const body = stringify(definition, {
        aliasDuplicateObjects: false,
        ...(inFlow ? { collectionStyle: "flow" } : {}),
      });
      const source = { path: "/files/live.yaml", text: `# ours\n${body}# the end\n` };
      const changes = derive(definition, { name: CLONE, release: "2", sameLineage: null, folders: FOLDERS });
      const made = { origin: "live", name: CLONE, path: "/files/staging.yaml" };
      const draft = draftClone(source, changes, made);
      expect(draft.definition).toEqual(environmentSchema.parse(edited(definition, changes)));
      const text = sealClone(draft.text, [{ key: ["checks", "health"], comment: "DECIDE: this" }]);
      expect(parse(text)).toEqual(parse(draft.text));
      expect(text).toContain("# ours\n");
      expect(text).toContain("# the end\n");
      expect(text).toContain("# DECIDE: this");
      expect(isUnedited(text)).toBe(true);
      expect(isUnedited(`${text}\n`)).toBe(false);
      expect(isUnedited(text.replace("DECIDE", "DECIDED"))).toBe(false);
      expect(isUnedited(source.text)).toBe(false);
    }),
    { numRuns: 20, seed: 1 },
  );
});

const FILE = `# top
environment: live
hosts: { public: a.test, test: b.test } # both
releases:
  "1.0": &first # the first
    start: { web: &web exec ./web.sh }
    inputs: &inputs
      # what it is called
      TITLE: >-
        two
        lines
      BASE: "x"
  "1.1":
    start: { web: *web }
    inputs: *inputs
staging: stage # later
`;
const KEYS: { key: string[]; goes?: boolean }[] = [
  { key: ["environment"] },
  { key: ["hosts", "test"] },
  { key: ["releases", "1.0", "start", "web"] },
  { key: ["releases", "1.0", "inputs", "TITLE"] },
  { key: ["releases", "1.0", "inputs", "NEW"], goes: true },
  { key: ["releases", "1.1", "inputs", "BASE"] },
  { key: ["releases", "1.1", "start", "worker"], goes: true },
  { key: ["backups", "lineage"], goes: true },
  { key: ["backups", "keep", "last"], goes: true },
  { key: ["staging"], goes: true },
  { key: ["isolation", "strict"], goes: true },
];
const values = fc.oneof(
  fc.constantFrom<unknown>(true, 7, "on", "1", "a: b", "# no", "x\ny", "", "plain.test", "'", "{a}", "- a"),
  fc.string(),
  fc.constantFrom<unknown>({ credential: "smtp" }, [1, "two"], {}),
);
const edits = fc
  .uniqueArray(fc.constantFrom(...KEYS), { minLength: 1, selector: ({ key }) => key.join() })
  .chain((keys) =>
    fc.tuple(
      ...keys.map(({ key, goes }) =>
        values.chain((value) =>
          fc.record({
            key: fc.constant(key),
            to: goes ? fc.constantFrom(value, value, undefined) : fc.constant(value),
            comment: fc.constant(`said of ${key.join(".")}`),
          }),
        ),
      ),
    ),
  );
const at = (data: unknown, key: readonly string[]): unknown =>
  key.reduce<unknown>((held, part) => (held as Record<string, unknown> | undefined)?.[part], data);

test("whatever is changed in a text, it says exactly that afterwards, and other lines stay as they are", () => {
  let anew = 0;
  fc.assert(
    fc.property(edits, (all) => {
      const made = editText(FILE, all);
      const data: unknown = parse(made);
      for (const { key, to } of all) expect(at(data, key), key.join(".")).toEqual(to);
      const touched = new Set(all.map(({ key }) => key.join(".")));
      for (const key of [
        ["environment"],
        ["hosts", "public"],
        ["hosts", "test"],
        ["releases", "1.0", "inputs", "BASE"],
        ["staging"],
      ])
        if (!touched.has(key.join("."))) expect(at(data, key), key.join(".")).toEqual(at(parse(FILE), key));
      if (!made.startsWith("# top")) anew += 1;
      else for (const line of ["# both", "# the first", "      # what it is called\n"]) expect(made).toContain(line);
    }),
    { numRuns: 120, seed: 1 },
  );
  expect(anew).toBe(0);
});
