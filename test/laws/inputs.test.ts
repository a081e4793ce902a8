/** The laws of inputs: which level wins, what keeps a launch from happening, and what edits never touch. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crossReference, type KnownServer, nextOf } from "../../src/model/inputs/cross-reference.ts";
import type { DeclaringScript } from "../../src/model/inputs/declaration.ts";
import { setDifferences } from "../../src/model/inputs/difference.ts";
import { type Asked, type Resolution, resolve } from "../../src/model/inputs/resolve.ts";
import {
  counts,
  ENVIRONMENT,
  type InputSet,
  isAt,
  overridesIn,
  promote,
  put,
  setOf,
  take,
  textOf,
  valuesAt,
} from "../../src/model/inputs/set.ts";
import { type Neighbour, settle } from "../../src/model/inputs/settle.ts";
import { readSpelling, spell } from "../../src/model/inputs/spelling.ts";
import { type InputValue, type InputValues, inputValueSchema } from "../../src/model/inputs/value.ts";
import type { LaunchInput } from "../../src/model/launch.ts";
import { canonical } from "../../src/model/plan.ts";
import { levelValues, NAMES, NOW, PLACES, scripts, sets, values } from "./input-values.ts";

const runs = { numRuns: 400, seed: 7 };

const asked: fc.Arbitrary<Asked> = fc.record(
  {
    scripts,
    template: levelValues.map((all) => ({ name: "web-template", values: all })),
    environment: levelValues.map((all) => ({ name: "live", values: all })),
    owner: fc
      .tuple(fc.constantFrom("server" as const, "group" as const), levelValues)
      .map(([level, all]) => ({ level, name: "app-1", values: all })),
    once: levelValues,
  },
  { requiredKeys: ["scripts", "template", "environment", "owner"] },
);

/** The rule again, as a person reads it off a form: from the top down, the first line that says anything is what counts. */
function byHand({ scripts: all, template, environment, owner, once }: Asked) {
  const lines: { level: string; from: string; name: string; says: InputValue }[] = [];
  const write = (level: string, from: string, said: InputValues | undefined) => {
    for (const name in said) lines.push({ level, from, name, says: said[name] as InputValue });
  };
  write("launch", "this launch", once);
  write(owner.level, owner.name, owner.values);
  write("environment", environment.name, environment.values);
  write("template", template.name, template.values);
  const outcome: Record<string, string> = {};
  for (const name of NAMES) {
    const readers = all.filter(({ inputs }) => inputs[name]);
    if (readers.length === 0) continue;
    let line = lines.find((one) => one.name === name && JSON.stringify(one.says) !== '{"inherit":true}');
    const defaults = readers.filter(({ inputs }) => inputs[name]?.default && !("inherit" in inputs[name].default));
    const different = new Set(defaults.map(({ inputs }) => canonical(inputs[name]?.default)));
    if (!line && different.size > 1) {
      outcome[name] = "ambiguous";
      continue;
    }
    if (!line && defaults[0]) {
      const from = defaults.map(({ script }) => script).join(", ");
      line = { level: "script", from, name, says: defaults[0].inputs[name]?.default as InputValue };
    }
    const early = readers.filter(({ phase }) => phase !== "operational");
    const needed = early.some(({ inputs }) => inputs[name]?.required);
    const says = line?.says;
    if (!line || !says) outcome[name] = needed ? "missing" : "nothing";
    else if ("ignore" in says) outcome[name] = needed ? "ignored" : "nothing";
    else {
      const wrong = early.some(({ inputs }) => {
        const choices = inputs[name]?.choices;
        return choices && !("text" in says && choices.some((choice) => choice === says.text));
      });
      outcome[name] = wrong ? "not-a-choice" : `${canonical(says)} of ${line.level} ${line.from}`;
    }
  }
  return outcome;
}

function outcomeOf(question: Asked) {
  const { inputs, ignored, refusals } = resolve(question);
  const outcome: Record<string, string> = {};
  for (const { inputs: read } of question.scripts) for (const name in read) outcome[name] = "nothing";
  for (const [name, { value, level, from }] of Object.entries(inputs))
    outcome[name] = `${canonical(value)} of ${level} ${from}`;
  for (const name of Object.keys(ignored)) expect(inputs[name]).toBeUndefined();
  for (const { input, kind } of refusals) outcome[input] = kind;
  return outcome;
}

describe("resolution", () => {
  test("over all levels it is what is read off from the top down", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(asked, (question) => {
        const outcome = outcomeOf(question);
        expect(outcome).toEqual(byHand(question));
        for (const one of Object.values(outcome)) seen.add(/ of (\w+) /.exec(one)?.[1] ?? one);
      }),
      { ...runs, numRuns: 1_500 },
    );
    // The generator reaches everything that the rule tells apart.
    const levels = ["script", "template", "environment", "group", "server", "launch"];
    const ends = ["missing", "ambiguous", "ignored", "not-a-choice", "nothing"];
    expect([...seen].sort()).toEqual([...levels, ...ends].sort());
  });

  const valuesOf = (question: Asked, level: string): InputValues =>
    level === "once" ? (question.once ?? {}) : question[level as "template" | "environment" | "owner"].values;

  test("a value at a higher level wins over whatever is said below it", () => {
    const above = { template: ["environment", "owner", "once"], environment: ["owner", "once"], owner: ["once"] };
    fc.assert(
      fc.property(asked, fc.constantFrom(...NAMES), fc.string(), levelValues, (question, name, text, below) => {
        fc.pre(question.scripts.some(({ inputs }) => name in inputs));
        for (const [level, higher] of Object.entries(above)) {
          const { once = {}, ...rest } = structuredClone(question);
          const cleared: Asked = { ...rest, once };
          for (const one of higher) delete valuesOf(cleared, one)[name];
          valuesOf(cleared, level)[name] = { text };
          const first = resolve(cleared).inputs[name];
          if (level === "owner") cleared.environment.values = below;
          if (level !== "template") cleared.template.values = below;
          expect(first?.value).toEqual({ text });
          expect(resolve(cleared).inputs[name]).toEqual(first);
        }
      }),
      runs,
    );
  });

  test("inherit is as if nothing stood there, at every level", () => {
    const without = (said: InputValues): InputValues =>
      Object.fromEntries(Object.entries(said).filter(([, value]) => !("inherit" in value)));
    const told = (question: Asked) => {
      const { warnings, ...rest } = resolve(question);
      return { ...rest, warnings: warnings.filter(({ kind }) => kind !== "unread") };
    };
    fc.assert(
      fc.property(asked, (question) => {
        const plain: Asked = {
          scripts: question.scripts.map((one) => ({
            ...one,
            inputs: Object.fromEntries(
              Object.entries(one.inputs).map(([name, { default: said, ...rest }]) => [
                name,
                said && !("inherit" in said) ? { ...rest, default: said } : rest,
              ]),
            ),
          })),
          template: { ...question.template, values: without(question.template.values) },
          environment: { ...question.environment, values: without(question.environment.values) },
          owner: { ...question.owner, values: without(question.owner.values) },
          ...(question.once && { once: without(question.once) }),
        };
        expect(told(plain)).toEqual(told(question));
      }),
      runs,
    );
  });

  test("what only operational scripts miss is told and refuses nothing", () => {
    fc.assert(
      fc.property(asked, (question) => {
        const later = {
          ...question,
          scripts: question.scripts.map((one) => ({ ...one, phase: "operational" as const })),
        };
        const first = { ...question, scripts: question.scripts.map((one) => ({ ...one, phase: "boot" as const })) };
        const [calm, strict] = [resolve(later), resolve(first)];
        expect(calm.refusals.every(({ kind }) => kind === "ambiguous")).toBe(true);
        expect(calm.inputs).toEqual(strict.inputs);
        const names = (all: { input: string; kind: string }[]) =>
          all.filter(({ kind }) => ["missing", "ignored", "not-a-choice"].includes(kind)).map(({ input }) => input);
        expect(names(calm.warnings)).toEqual(names(strict.refusals));
      }),
      runs,
    );
  });
});

test("a value that is spelled out is read back as it was", () => {
  fc.assert(
    fc.property(values, (value) => {
      fc.pre(inputValueSchema.safeParse(value).success);
      expect(readSpelling("A", spell(value))).toEqual(value);
    }),
    { ...runs, numRuns: 2_000 },
  );
});

const declares = (all: DeclaringScript[]): KnownServer["declared"] => ({ scripts: all, values: {} });
const server = (name: string, all: DeclaringScript[], more: Partial<KnownServer> = {}): KnownServer => ({
  ...{ server: name, group: null, template: null, declared: declares(all), current: null },
  ...more,
});
const knownServers = (all: DeclaringScript[]): KnownServer[] => [
  server("app-1", all),
  server("app-2", all, { group: "web" }),
  server("db-1", all, { current: { A: { value: { text: "here" }, level: "script", from: "s0" } } }),
];

/** Not app-1: what names it can't be launched. */
const neighbours = new Map<string, Neighbour>([
  ["db-1", { address: "127.0.0.1", inputs: { A: { value: { text: "here" }, level: "script", from: "s0" } } }],
]);
const moved = new Map<string, Neighbour>([["db-1", { address: "127.9.9.9", inputs: {} }]]);

describe("what is edited", () => {
  test("what a server was launched with stays, whatever is edited at any level afterwards", () => {
    fc.assert(
      fc.property(scripts, sets, sets, levelValues, (all, before, after, declared) => {
        const servers = knownServers(all);
        const known = { environment: "live", set: before, servers, neighbours, now: NOW };
        const launches = servers.map((one) => settled(nextOf(known, one).inputs));
        const kept = launches.map((launch) => canonical(launch));
        const changed = servers.map((one, at) => ({
          ...one,
          declared: { scripts: [], values: declared },
          current: launches[at] ?? null,
        }));
        const { rows } = crossReference({
          environment: "live",
          set: after,
          servers: changed,
          neighbours: moved,
          now: NOW + 1e9,
        });
        expect(launches.map((launch) => canonical(launch))).toEqual(kept);
        for (const [at, launch] of launches.entries()) {
          const seen = rows.filter((row) => row.server === servers[at]?.server && row.current);
          expect(Object.fromEntries(seen.map(({ input, current }) => [input, current?.value]))).toEqual(
            Object.fromEntries(Object.entries(launch).map(([name, { value }]) => [name, spell(value)])),
          );
          // Nothing in it waits for another server any more.
          expect(canonical(Object.values(launch).map(({ value }) => value))).not.toContain('"server":');
        }
      }),
      runs,
    );
  });

  /** What could not be had of others keeps a server from being launched: here it is left out. */
  const settled = (inputs: Record<string, LaunchInput>): Record<string, LaunchInput> => {
    const refused = settle(inputs, () => null).refusals.map(({ input }) => input);
    return Object.fromEntries(Object.entries(inputs).filter(([name]) => !refused.includes(name)));
  };

  test("a set written down and read back is the same, byte for byte, after whatever edits", () => {
    const edits = fc.array(fc.tuple(fc.constantFrom(...PLACES), levelValues), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(sets, edits, (start, all) => {
        const snapshots: string[] = [];
        let set: InputSet = start;
        for (const [place, given] of all) {
          snapshots.push(textOf(set));
          const lease = { by: "ben", why: "a test", since: NOW, until: NOW + 1 };
          set = put(set, place, given, place.level === "environment" ? null : lease);
          for (const [input, value] of Object.entries(given)) {
            const there = set.find((one) => isAt(place, one) && one.input === input);
            expect(there?.value).toEqual("inherit" in value ? undefined : value);
          }
        }
        for (const text of snapshots) expect(textOf(setOf(text))).toBe(text);
        expect(textOf(setOf(snapshots[0] ?? ""))).toBe(textOf(start));
        expect(setDifferences(start, setOf(snapshots[0] ?? ""))).toEqual([]);
        expect(setDifferences(start, set).length === 0).toBe(textOf(start) === textOf(set));
      }),
      runs,
    );
  });

  test("an override that has lapsed counts for nothing, as if it had been dropped", () => {
    fc.assert(
      fc.property(scripts, sets, (all, set) => {
        const lapsed = set.filter(({ lease }) => lease !== null && lease.until <= NOW);
        const [known, dropped] = [set, take(set, lapsed)].map((one) => ({
          ...{ environment: "live", set: one, servers: knownServers(all), neighbours, now: NOW },
        }));
        if (!known || !dropped) throw new Error("there are two");
        for (const one of known.servers) expect(nextOf(dropped, one)).toEqual(nextOf(known, one));
      }),
      runs,
    );
  });

  const valuesIn = (next: Resolution | undefined) =>
    Object.entries(next?.inputs ?? {}).map(([name, { value }]) => [name, value]);

  test("promoted to the environment and dropped, every value is what it was for those it was lent to", () => {
    let promoted = 0;
    fc.assert(
      fc.property(scripts, sets, fc.option(fc.constantFrom(...PLACES.slice(1)), { nil: null }), (all, set, place) => {
        const { set: after, quarrels } = promote(set, { place, names: null }, NOW);
        fc.pre(quarrels.length === 0);
        const open = overridesIn(set, { place, names: null }).filter((one) => counts(one, NOW));
        promoted += open.length;
        expect(overridesIn(after, { place, names: null }).filter((one) => counts(one, NOW))).toEqual([]);
        for (const { place: at, input, value } of open) {
          expect(valuesAt(after, ENVIRONMENT, NOW)[input]).toEqual(value);
          for (const one of knownServers(all)) {
            const own = one.group ? { level: "group", owner: one.group } : { level: "server", owner: one.server };
            if (own.level !== at.level || own.owner !== at.owner) continue;
            const [was, is] = [set, after].map((of) => {
              const known = { environment: "live", set: of, servers: knownServers(all), neighbours, now: NOW };
              return nextOf(known, one);
            });
            expect(is?.inputs[input]?.value).toEqual(was?.inputs[input]?.value);
            expect(is?.refusals.filter((it) => it.input === input)).toEqual(
              was?.refusals.filter((it) => it.input === input),
            );
            // Nobody else's was promoted: all that it would be launched with is as it was.
            if (place) expect(valuesIn(is)).toEqual(valuesIn(was));
          }
        }
        const names = new Set(open.map(({ input }) => input));
        const others = setDifferences(set, after).filter(({ key }) => !names.has(key.split(" ")[0] ?? ""));
        expect(others).toEqual([]);
      }),
      runs,
    );
    expect(promoted).toBeGreaterThan(100);
  });
});
