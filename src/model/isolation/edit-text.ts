/** Changes values in the text of a YAML file and leaves every other character, also comments, as somebody wrote it. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  stringify,
  type YAMLMap,
} from "yaml";
import { canonical } from "../plan.ts";

export interface Edit {
  key: readonly string[];
  /** Undefined: the key goes. */
  to: unknown;
  /** Said above the line. */
  comment: string | null;
}

/** The text is valid YAML. Where a change has no simple place in it, the whole is written anew, without its comments. */
export function editText(text: string, edits: readonly Edit[]): string {
  const wanted = wantedIn(text, edits);
  const splices = wanted === null ? null : splicesFor(text, edits);
  const made = splices && spliced(text, splices);
  if (made !== null && canonical(dataIn(made)) === canonical(wanted)) return made;
  return writtenAnew(edited(dataIn(text), edits), edits);
}

type Change = Pick<Edit, "key" | "to">;
type Held = Record<string, unknown>;

/** The same changes in the data. */
export function edited(data: unknown, changes: readonly Change[]): unknown {
  const copy = structuredClone(data) as Held;
  for (const { key, to } of changes) setAt(copy, key, to);
  return copy;
}

function setAt(held: Held, [first = "", ...rest]: readonly string[], to: unknown): void {
  const inner = held[first];
  if (rest.length === 0 && to === undefined) delete held[first];
  else if (rest.length === 0) held[first] = to;
  else if (typeof inner === "object" && inner !== null) setAt(inner as Held, rest, to);
  else if (to !== undefined) setAt(Object.assign(held, { [first]: {} })[first] as Held, rest, to);
}

/** Null where it can't be read. */
const dataIn = (text: string): unknown => read(parseDocument(text, { logLevel: "error" }));

function read(document: Document): unknown {
  try {
    return JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: 100 }) ?? {}));
  } catch {
    return null;
  }
}

/**
 * As a person would edit it: what is changed where an anchor stands is changed for its aliases, too; where an alias
 * stands, it is changed for that place alone. Null where it can't be done.
 */
function wantedIn(text: string, edits: readonly Edit[]): unknown {
  const document = parseDocument(text, { logLevel: "error" });
  try {
    // First of all: what an alias stands for here is what stood there before anything was changed.
    for (const { key } of edits)
      for (let depth = 1; depth <= key.length; depth++) copyAlias(document, key.slice(0, depth));
    for (const { key, to } of edits) {
      const before = document.getIn(key, true) as Node | undefined;
      if (to === undefined && before) document.deleteIn(key);
      if (to === undefined) continue;
      const node: Node = document.createNode(to);
      const { anchor } = (before ?? {}) as { anchor?: string };
      document.setIn(key, Object.assign(node, anchor === undefined ? {} : { anchor }));
    }
    return read(document);
  } catch {
    return null;
  }
}

function copyAlias(document: Document, key: readonly string[]): void {
  const node = document.getIn(key, true);
  if (isAlias(node)) document.setIn(key, document.createNode(node.resolve(document)?.toJS(document)));
}

function writtenAnew(data: unknown, edits: readonly Edit[]): string {
  const said = edits.flatMap(({ key, comment }) => (comment === null ? [] : [`# ${key.join(".")}: ${comment}\n`]));
  return `${said.join("")}${stringify(data, { aliasDuplicateObjects: false, lineWidth: 120 })}`;
}

interface Splice {
  from: number;
  to: number;
  text: string;
  comments: string[];
}

/** Null when the text is otherwise than what we know how to change. */
function splicesFor(text: string, edits: readonly Edit[]): Splice[] | null {
  const document = parseDocument(text, { logLevel: "error" });
  const spots = new Map<unknown, { spot: Spot; edits: Edit[] }>();
  for (const edit of edits) {
    const spot = spotOf(document, edit.key);
    // Several keys can be missing in one map, or change what one alias stands for.
    const id = spot.kind === "lacks" ? `${spot.map.range?.[0]} ${edit.key[spot.depth]}` : spot.node;
    spots.set(id, { spot, edits: [...(spots.get(id)?.edits ?? []), edit] });
  }
  const splices = [...spots.values()].map(({ spot, edits: all }) => spliceFor(text, document, spot, all));
  return splices.includes(null) ? null : (splices as Splice[]);
}

/** Where a key leads: to its value, to an alias that stands for it or for what holds it, or to a map that lacks the rest. `depth` parts of the key lead there. */
type Spot =
  | { kind: "value"; node: Node; pair: Pair | null }
  | { kind: "alias"; node: Node; depth: number }
  | { kind: "lacks"; map: Node; depth: number };

function spotOf(document: Document, key: readonly string[]): Spot {
  let node: Node = document.contents as Node;
  let pair: Pair | null = null;
  for (const [depth, part] of key.entries()) {
    if (isAlias(node)) return { kind: "alias", node, depth };
    pair = isMap(node) ? pairOf(node, part) : null;
    const next: unknown = isSeq(node) ? node.items[Number(part)] : pair?.value;
    if (!next) return { kind: "lacks", map: node, depth };
    node = next as Node;
  }
  return { kind: "value", node, pair };
}

const pairOf = (map: YAMLMap, part: string): Pair | null =>
  map.items.find(({ key }) => String(isScalar(key) ? key.value : key) === part) ?? null;

function spliceFor(text: string, document: Document, spot: Spot, edits: Edit[]): Splice | null {
  const comments = edits.flatMap(({ comment }) => (comment === null ? [] : [comment]));
  if (spot.kind === "lacks") return insertion(text, document, spot.map, { edits, depth: spot.depth, comments });
  const [from = 0, to = 0] = spot.node.range ?? [];
  // The text of a block ends with its line.
  const end = text.slice(from, to).endsWith("\n") ? "\n" : "";
  if (spot.kind === "alias") {
    const data: unknown = isAlias(spot.node) ? spot.node.resolve(document)?.toJS(document) : null;
    return { from, to, text: inFlow(edited(data, within(edits, spot.depth))), comments };
  }
  const [edit] = edits;
  if (edits.length > 1 || !edit) return null;
  if (edit.to !== undefined) return { from, to, text: `${inFlow(edit.to)}${end}`, comments };
  const start = (spot.pair?.key as Node | undefined)?.range?.[0];
  // What stood there stays to be read.
  return start === undefined || end !== "" ? null : { from: start, to: start, text: "# ", comments };
}

const within = (edits: Edit[], depth: number): Change[] => edits.map(({ key, to }) => ({ key: key.slice(depth), to }));

function insertion(
  text: string,
  document: Document,
  map: Node,
  { edits, depth, comments }: { edits: Edit[]; depth: number; comments: string[] },
): Splice | null {
  if (!isMap(map)) return null;
  const [start = 0] = map.range ?? [];
  const pairs = Object.entries(edited({}, within(edits, depth)) as Held);
  if (pairs.length === 0) return { from: start, to: start, text: "", comments: [] };
  const line = pairs.map(([key, value]) => `${inFlow(key)}: ${inFlow(value)}`).join(", ");
  if (map.flow)
    return { from: start + 1, to: start + 1, text: ` ${line}${map.items.length > 0 ? "," : " "}`, comments };
  if (map === document.contents) {
    const said = comments.map((comment) => `# ${comment}\n`).join("");
    return {
      from: text.length,
      to: text.length,
      text: `${text.endsWith("\n") ? "" : "\n"}${said}${line}\n`,
      comments: [],
    };
  }
  const from = text.lastIndexOf("\n", start - 1) + 1;
  return { from, to: from, text: `${text.slice(from, start)}${line}\n`, comments };
}

/** As it may stand in any place: JSON is YAML, and what is plain needs no quotes. */
function inFlow(value: unknown): string {
  if (typeof value === "string" && /^[A-Za-z./][\w ./@:-]*[\w/]$/.test(value) && isPlain(value)) return value;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = Array.isArray(value)
    ? value.map(inFlow)
    : Object.entries(value).map(([key, held]) => `${inFlow(key)}: ${inFlow(held)}`);
  return Array.isArray(value) ? `[${inner.join(", ")}]` : inner.length === 0 ? "{}" : `{ ${inner.join(", ")} }`;
}

const isPlain = (text: string): boolean => parseDocument(text).toJS() === text;

/** From the end, so that what stands before keeps its place; a comment gets a line of its own. */
function spliced(text: string, splices: readonly Splice[]): string {
  const all = splices.flatMap(({ comments, ...splice }) => {
    const from = text.lastIndexOf("\n", splice.from - 1) + 1;
    const indent = /^[ \t]*/.exec(text.slice(from))?.[0] ?? "";
    return [...comments.map((comment) => ({ from, to: from, text: `${indent}# ${comment}\n` })), splice];
  });
  return all
    .map((splice, turn) => ({ ...splice, turn }))
    .sort((left, right) => right.from - left.from || right.turn - left.turn)
    .reduce((made, splice) => made.slice(0, splice.from) + splice.text + made.slice(splice.to), text);
}
