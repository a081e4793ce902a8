/** Values that a server takes from other servers of its environment: asked for when it boots, and waited for. */
import type { InputItem } from "../../model/inputs/value.ts";
import type { Launch, LaunchValue } from "../../model/launch.ts";
import { Problem } from "../../model/problem.ts";
import type { ServerRecord } from "../../model/provider.ts";
import type { StepContext } from "../../model/step.ts";
import { launchValues } from "../../model/template/process-inputs.ts";
import { launchOn } from "./template-tree.ts";

type Reference = Extract<InputItem, { server: string }>;

const isReference = (item: InputItem | LaunchValue): item is Reference => "server" in item;

const leadsOut = (value: LaunchValue): boolean =>
  isReference(value) || ("array" in value && value.array.some(isReference));

/** Names of the inputs that lead to other servers. */
export const referring = ({ inputs }: Pick<Launch, "inputs">): string[] =>
  Object.entries(inputs).flatMap(([name, { value }]) => (leadsOut(value) ? [name] : []));

/** By name, each input that leads to another server, with what that server runs with. */
export async function resolveReferences(
  context: StepContext,
  { inputs }: Pick<Launch, "inputs">,
  withinMs: number,
): Promise<Record<string, LaunchValue>> {
  const waiting = Object.entries(inputs).filter(([, { value }]) => leadsOut(value));
  if (waiting.length === 0) return {};
  let missing = "";
  const resolved = await context.until(withinMs, async () => {
    const { world } = context;
    const records = await world.provider.list(world.environment);
    const found: Record<string, LaunchValue> = {};
    for (const [name, { value }] of waiting) {
      const seen = await look(context, records, name, value);
      if ("missing" in seen) missing = `${name} is ${seen.missing}`;
      if ("missing" in seen) return null;
      found[name] = seen.value;
    }
    return found;
  });
  if (resolved) return resolved;
  throw new Problem("timed-out", {
    what: "a value of another server does not come",
    why: `${missing}; waited ${withinMs / 1000} s`,
    next: "launch that server first, or set the input: changeover status",
  });
}

type Looked = { value: LaunchValue } | { missing: string };

async function look(context: StepContext, records: ServerRecord[], name: string, value: LaunchValue): Promise<Looked> {
  if (isReference(value)) return lookUp(context, records, value);
  if (!("array" in value)) return { value };
  const items: InputItem[] = [];
  for (const item of value.array) {
    const seen = isReference(item) ? await lookUp(context, records, item) : { value: item };
    if ("missing" in seen) return seen;
    if ("key" in seen.value) throw keyInList(name);
    items.push(...("array" in seen.value ? seen.value.array : [seen.value]));
  }
  return { value: { array: items } };
}

async function lookUp({ world }: StepContext, records: ServerRecord[], { server, value }: Reference): Promise<Looked> {
  const record = records.find((one) => one.name === server);
  const wanted = `${value} of "${server}"`;
  if (!record) return { missing: `${wanted}, and there is no such server yet` };
  if (value === "address") return { value: { text: record.address } };
  const kept = await launchOn(await world.host(server));
  if (!kept) return { missing: `${wanted}, which was not launched with inputs yet` };
  const theirs = launchValues(kept)[value];
  if (theirs === undefined) {
    throw new Problem("refused", {
      what: `"${server}" has no input ${value}`,
      why: `it was launched with ${Object.keys(kept.inputs).join(", ") || "none"}`,
      next: "mend the input, then launch again",
    });
  }
  return leadsOut(theirs) ? { missing: `${wanted}, which waits for another server itself` } : { value: theirs };
}

const keyInList = (name: string): Problem =>
  new Problem("bad-input", {
    what: `input ${name} can't be made`,
    why: "a key of another server is a file there, and can't be part of a list",
    next: "give the key by its credential's name",
  });
