/** What a process of a launched server is given: the values of its launch, credentials looked up, keys as files. */
import { posix } from "node:path";
import type { InputItem, InputValue } from "../inputs/value.ts";
import type { Launch, LaunchValue } from "../launch.ts";
import { Problem } from "../problem.ts";

/** On the server, in its own folder; only its user can read it. */
export const LAUNCH_FILE = "launch.json";
/** In which a server keeps the private keys that its processes are told the paths of. */
const KEYS = "keys";

/** Variables that no input may overrule. */
export const OURS = ["HOST", "SERVER_NAME", "SERVER_FOLDER", "ENVIRONMENT", "ROLE", "TEMPLATE", "REHEARSAL", "PATH"];

/** The launch, and what its values of other servers were when it booted: they are asked for once. */
export interface KeptLaunch extends Launch {
  resolved: Record<string, LaunchValue>;
}

/** Null for a server that was launched without a template. */
export const readLaunch = (text: string | null): KeptLaunch | null =>
  text === null ? null : (JSON.parse(text) as KeptLaunch);

/** By name, without any that lead to other servers. */
export const launchValues = ({ inputs, resolved }: KeptLaunch): Record<string, LaunchValue> => ({
  ...Object.fromEntries(Object.entries(inputs).map(([name, { value }]) => [name, value])),
  ...resolved,
});

export interface Given {
  env: Record<string, string>;
  /** To be written, readable for the server's user only, before the process starts. */
  keys: { path: string; content: string }[];
}

/** `directory` is the server's own, absolute. Throws a Problem when nobody gave a credential. */
export function give(
  values: Record<string, LaunchValue>,
  { directory, credential }: { directory: string; credential(name: string): string },
): Given {
  const given: Given = { env: {}, keys: [] };
  for (const [name, value] of Object.entries(values)) {
    if ("key" in value) {
      const path = `${KEYS}/${name}`;
      // What reads private keys wants the line end that setting a credential takes away.
      given.keys.push({ path, content: `${credential(value.key).trimEnd()}\n` });
      given.env[name] = posix.join(directory, path);
    } else if ("array" in value) given.env[name] = value.array.map((item) => plain(name, item, credential)).join(",");
    else given.env[name] = plain(name, value, credential);
  }
  return given;
}

function plain(name: string, item: InputItem, credential: (name: string) => string): string {
  if ("text" in item) return item.text;
  if ("credential" in item) return credential(item.credential);
  throw new Problem("refused", {
    what: `input ${name} has no value yet`,
    why: `it is ${item.value} of "${item.server}", which is asked when the server boots`,
    next: "launch the server again: changeover status",
  });
}

/** Names of the credentials without which a process can't be given these. */
export const namedCredentials = (values: readonly LaunchValue[]): string[] => [
  ...new Set(
    values
      .flatMap((value) => ("array" in value ? value.array : [value]))
      .flatMap((one) => ("credential" in one ? [one.credential] : "key" in one ? [one.key] : [])),
  ),
];

/** What a process is given; `ignore` and `inherit` give it nothing. */
export const plainValue = (value: InputValue | undefined): LaunchValue[] =>
  value === undefined || "ignore" in value || "inherit" in value ? [] : [value];

/** As people see it: texts as they are, what is secret by its name. */
export function sayValue(value: LaunchValue): string {
  if ("text" in value) return JSON.stringify(value.text);
  if ("credential" in value) return `credential ${value.credential}`;
  if ("key" in value) return `key ${value.key}`;
  if ("array" in value) return `[${value.array.map(sayValue).join(", ")}]`;
  return `${value.value} of ${value.server}`;
}
