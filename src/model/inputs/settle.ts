/** Puts what other servers have now in the place of their names; a server that boots asks for it once, and keeps it. Pure. */
import type { LaunchInput, LaunchValue } from "../launch.ts";
import type { InputFinding } from "./findings.ts";
import type { InputItem } from "./value.ts";

/** What is known of a server that others name. */
export interface Neighbour {
  /** Null while it does not run. */
  address: string | null;
  /** What it was launched with; null when it runs from no launch. */
  inputs: Record<string, LaunchInput> | null;
}

export interface Settled {
  /** What nobody can tell yet stands as it was written. */
  inputs: Record<string, LaunchInput>;
  /** Each keeps the server from being launched. */
  refusals: InputFinding[];
  /** What the launch waits for. */
  warnings: InputFinding[];
}

/** Null for a server that nobody knows. */
type Find = (server: string) => Neighbour | null;

export function settle(inputs: Record<string, LaunchInput>, find: Find): Settled {
  const settled: Settled = { inputs: {}, refusals: [], warnings: [] };
  for (const [input, { value, ...where }] of Object.entries(inputs)) {
    const found = settledValue(value, find);
    const open = "why" in found;
    if (open) (found.waits ? settled.warnings : settled.refusals).push({ input, kind: "other-server", why: found.why });
    settled.inputs[input] = { value: open ? value : found, ...where };
  }
  return settled;
}

/** It can't be told: it will be when the other server runs, or never. */
interface Open {
  why: string;
  waits: boolean;
}

function settledValue(value: LaunchValue, find: Find): LaunchValue | Open {
  if ("server" in value) return theirs(value, find);
  if (!("array" in value)) return value;
  const items: InputItem[] = [];
  for (const item of value.array) {
    const found = "server" in item ? theirs(item, find) : item;
    if ("why" in found) return found;
    if ("key" in found) return never("names a key of another server in an array, which can hold none");
    items.push(...("array" in found ? found.array : [found]));
  }
  return { array: items };
}

type Reference = Extract<InputItem, { server: string }>;

function theirs({ server, value }: Reference, find: Find): LaunchValue | Open {
  const neighbour = find(server);
  if (!neighbour) return never(`wants something of server "${server}", which nobody knows`);
  const { address, inputs } = neighbour;
  if (address === null) return { why: `waits for server "${server}", which does not run`, waits: true };
  if (value === "address") return { text: address };
  const found = inputs && Object.hasOwn(inputs, value) ? inputs[value] : undefined;
  if (!found) return never(`wants ${value} of server "${server}", which was not launched with it`);
  const open =
    "server" in found.value || ("array" in found.value && found.value.array.some((item) => "server" in item));
  return open ? { why: `waits for ${value} of server "${server}", which waits for others`, waits: true } : found.value;
}

const never = (why: string): Open => ({ why, waits: false });
