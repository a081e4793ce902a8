/** What a server would be launched with: for each input the highest level that says anything, and what keeps it from being launched. Pure. */
import { type InputLevel, inputLevels, type LaunchInput } from "../launch.ts";
import { canonical } from "../plan.ts";
import type { DeclaringScript } from "./declaration.ts";
import { type InputFinding, namesRefused, questionsAbout, sideways } from "./findings.ts";
import { spell } from "./spelling.ts";
import type { InputValue, InputValues } from "./value.ts";

/** Whose values they are. */
export interface Named {
  name: string;
  values: InputValues;
}

export interface Asked {
  scripts: readonly DeclaringScript[];
  template: Named;
  environment: Named;
  /** A server of a scaling group has none of its own. */
  owner: Named & { level: "server" | "group" };
  /** For this launch only. */
  once?: InputValues;
}

/** What stands at one level, whether it counts or a higher one hides it. */
export interface Standing {
  level: InputLevel;
  from: string;
  value: InputValue;
}

export interface Resolution {
  inputs: Record<string, LaunchInput>;
  /** Said to be nothing at all, and by whom. */
  ignored: Record<string, Omit<LaunchInput, "value">>;
  /** Each keeps the server from being launched. */
  refusals: InputFinding[];
  warnings: InputFinding[];
}

export function resolve(asked: Asked): Resolution {
  const found: Resolution = { inputs: {}, ignored: {}, refusals: namesRefused(asked), warnings: [] };
  for (const name of declaredNames(asked.scripts)) {
    const { value, refusals, warnings } = resolveOne(asked, name);
    found.refusals.push(...refusals);
    found.warnings.push(...warnings);
    if (value === null) continue;
    const { value: meant, ...where } = value;
    if ("ignore" in meant) found.ignored[name] = where;
    else if (!("inherit" in meant)) found.inputs[name] = { value: meant, ...where };
  }
  found.warnings.push(...sideways(asked));
  return found;
}

function resolveOne(asked: Asked, name: string) {
  const standing = standingOf(asked, name);
  const defaults = standing.filter(({ level }) => level === "script");
  const value = standing.at(-1) ?? null;
  const ambiguous = value?.level === "script" && defaults.length > 1;
  const readers = asked.scripts.filter(({ inputs }) => Object.hasOwn(inputs, name));
  if (!ambiguous) return { value, ...questionsAbout(name, value?.value ?? null, readers) };
  const said = defaults.map(({ from, value: of }) => `${from} says ${spell(of)}`).join(", ");
  return {
    value: null,
    refusals: [
      { input: name, kind: "ambiguous" as const, why: `is ambiguous: ${said}, and no level above says which` },
    ],
    warnings: [],
  };
}

/** Lowest first; of scripts that say the same, one for all. What says `inherit` is as if it were not there. */
export function standingOf({ scripts, template, environment, owner, once = {} }: Asked, name: string): Standing[] {
  const at = (level: InputLevel, { name: from, values }: Named): Standing[] => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return value === undefined || "inherit" in value ? [] : [{ level, from, value }];
  };
  const all = [
    ...defaultsOf(scripts, name),
    ...at("template", template),
    ...at("environment", environment),
    ...at(owner.level, owner),
    ...at("launch", { name: "this launch", values: once }),
  ];
  return all.sort((left, right) => inputLevels.indexOf(left.level) - inputLevels.indexOf(right.level));
}

function defaultsOf(scripts: readonly DeclaringScript[], name: string): Standing[] {
  const said = new Map<string, Standing>();
  for (const { script, inputs } of scripts) {
    const value = Object.hasOwn(inputs, name) ? inputs[name]?.default : undefined;
    if (value === undefined || "inherit" in value) continue;
    const before = said.get(canonical(value));
    said.set(canonical(value), { level: "script", from: before ? `${before.from}, ${script}` : script, value });
  }
  return [...said.values()];
}

export const declaredNames = (scripts: readonly DeclaringScript[]): string[] =>
  [...new Set(scripts.flatMap(({ inputs }) => Object.keys(inputs)))].sort();
