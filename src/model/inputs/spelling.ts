/** How a value is written in one line, and read back: `text`, `credential:NAME`, `server:NAME.address`, `array:a,b`. Pure. */
import { Problem } from "../problem.ts";
import { type InputItem, type InputValue, inputValueSchema } from "./value.ts";

/** What comes before the colon. Any other text before a colon is a text, like the `https` of a URL. */
const PREFIX = /^(text|credential|key|server|array):/;
const WORDS = ["ignore", "inherit"];

export function spell(value: InputValue): string {
  if ("ignore" in value) return "ignore";
  if ("inherit" in value) return "inherit";
  if ("key" in value) return `key:${value.key}`;
  if ("array" in value) return `array:${spellItems(value.array)}`;
  return spellItem(value);
}

function spellItem(item: InputItem): string {
  if ("credential" in item) return `credential:${item.credential}`;
  if ("server" in item) return `server:${item.server}.${item.value}`;
  return PREFIX.test(item.text) || WORDS.includes(item.text) ? `text:${item.text}` : item.text;
}

/** Nothing at all is no item; one empty text has to say that it is one. */
function spellItems(items: readonly InputItem[]): string {
  if (items.length === 1 && items[0] && "text" in items[0] && items[0].text === "") return "text:";
  return items.map((item) => spellItem(item).replace(/[\\,]/g, "\\$&")).join(",");
}

/** Throws a Problem that repeats the text only where it is no text. */
export function readSpelling(name: string, spelled: string): InputValue {
  const read = inputValueSchema.safeParse(meant(spelled));
  if (read.success) return read.data;
  const kind = PREFIX.exec(spelled)?.[1] ?? "text";
  throw new Problem("bad-input", {
    what: `${name} can't have this value`,
    why: WHY[kind] ?? "it is longer than 32000 characters, or holds what no process can be given",
    next: "changeover inputs set --help; a text that looks like this is written text:…",
  });
}

const WHY: Record<string, string> = {
  credential: "credential: is followed by the name of a credential: letters, digits, dots and dashes",
  key: "key: is followed by the name of the credential that holds the key",
  server: "server: is followed by a server's name, a dot, and address or the name of one of its inputs",
  array: "array: is followed by items with commas between them, each a text, credential:NAME or server:NAME.address",
};

function meant(spelled: string): unknown {
  if (spelled === "ignore") return { ignore: true };
  if (spelled === "inherit") return { inherit: true };
  const kind = PREFIX.exec(spelled)?.[1];
  const rest = spelled.slice((kind?.length ?? -1) + 1);
  if (kind === "key") return { key: rest };
  if (kind === "array") return { array: itemsIn(rest).map(itemMeant) };
  return itemMeant(spelled);
}

function itemMeant(spelled: string): unknown {
  const kind = PREFIX.exec(spelled)?.[1];
  const rest = spelled.slice((kind?.length ?? -1) + 1);
  if (kind === "credential") return { credential: rest };
  if (kind === "server") {
    const [server, ...value] = rest.split(".");
    return { server, value: value.join(".") };
  }
  // In an array there are neither keys nor arrays: what looks like one has to say that it is a text.
  return kind === "text" || kind === undefined ? { text: rest } : null;
}

/** A comma or a backslash that belongs to an item has a backslash before it. */
function itemsIn(list: string): string[] {
  if (list === "") return [];
  const items = [""];
  for (const [piece] of list.matchAll(/\\[\\,]|./gs)) {
    if (piece === ",") items.push("");
    else items[items.length - 1] += piece.length === 2 ? piece.slice(1) : piece;
  }
  return items;
}
