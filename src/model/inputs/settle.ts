/** Puts what other servers have in the place of their names, at launch: from then on a server depends on no other's inputs. Pure. */
import type { LaunchInput, LaunchValue } from "../launch.ts";
import type { InputFinding } from "./findings.ts";
import type { InputItem } from "./value.ts";

/** What is known of a server that others name. */
export interface Neighbour {
  address: string;
  /** What it was launched with; null when it runs from no launch. */
  inputs: Record<string, LaunchInput> | null;
}

export interface Settled {
  inputs: Record<string, LaunchInput>;
  /** Each keeps the server from being launched; its value stands as it was written. */
  refusals: InputFinding[];
}

export function settle(inputs: Record<string, LaunchInput>, find: (server: string) => Neighbour | null): Settled {
  const settled: Settled = { inputs: {}, refusals: [] };
  for (const [input, { value, ...where }] of Object.entries(inputs)) {
    const found = settledValue(value, find);
    if (typeof found === "string") settled.refusals.push({ input, kind: "no-server", why: found });
    settled.inputs[input] = { value: typeof found === "string" ? value : found, ...where };
  }
  return settled;
}

/** Or why not. */
function settledValue(value: LaunchValue, find: (server: string) => Neighbour | null): LaunchValue | string {
  if ("server" in value) return theirs(value, find);
  if (!("array" in value)) return value;
  const items: InputItem[] = [];
  for (const item of value.array) {
    const found = "server" in item ? theirs(item, find) : item;
    if (typeof found === "string") return found;
    if ("key" in found) return "names a key of another server in an array, which can hold none";
    items.push(...("array" in found ? found.array : [found]));
  }
  return { array: items };
}

type Reference = Extract<InputItem, { server: string }>;

function theirs({ server, value }: Reference, find: (server: string) => Neighbour | null): LaunchValue | string {
  const neighbour = find(server);
  if (!neighbour) return `wants something of server "${server}", which does not run`;
  if (value === "address") return { text: neighbour.address };
  const inputs = neighbour.inputs ?? {};
  const found = Object.hasOwn(inputs, value) ? inputs[value] : undefined;
  if (!found) return `wants ${value} of server "${server}", which was not launched with it`;
  const open =
    "server" in found.value || ("array" in found.value && found.value.array.some((item) => "server" in item));
  return open ? `wants ${value} of server "${server}", which takes it from yet another server` : found.value;
}
