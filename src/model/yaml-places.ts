/** Where things stand in a YAML document: the line of a key, and keys that can't be meant. */
import { type Document, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node, visit, type YAMLMap } from "yaml";

/** The line of a key, or of what is nearest above it; never one that the text does not have. */
export function lineOfPath(document: Document.Parsed, lines: LineCounter, path: readonly PropertyKey[]): number {
  let node: Node | null | undefined = document.contents;
  let place = 0;
  for (const part of path) {
    const inside: Node | null | undefined = isAlias(node) ? node.resolve(document) : node;
    const found: Found | null = isMap(inside)
      ? pairIn(inside, part)
      : isSeq(inside)
        ? itemIn(inside.items[Number(part)])
        : null;
    if (!found) break;
    place = found.place;
    node = found.node;
  }
  return lines.linePos(place).line;
}

interface Found {
  place: number;
  node: Node | null;
}

const itemIn = (item: unknown): Found | null => {
  const node = item as Node | undefined;
  return node?.range ? { place: node.range[0], node } : null;
};

function pairIn(map: YAMLMap, part: PropertyKey): Found | null {
  const pair = map.items.find(({ key }) => keyText(key) === String(part));
  const place = (pair?.key as Node | undefined)?.range?.[0];
  return pair && place !== undefined ? { place, node: pair.value as Node | null } : null;
}

/** As the key of a JavaScript object: 1 and "1" are the same. */
const keyText = (key: unknown): string => String(isScalar(key) ? key.value : key);

interface StrangeKey {
  offset: number;
  why: string;
}

/** Keys that would get lost, or take another one's place, when the document becomes an object. */
export function strangeKeys(document: Document.Parsed): StrangeKey[] {
  const found: StrangeKey[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        const [text, offset] = [keyText(key), (key as Node | null)?.range?.[0] ?? 0];
        const tell = (why: string) => found.push({ offset, why: `${text}: ${why}` });
        if (!isScalar(key)) tell("a key must be a plain text");
        else if (text === "__proto__") tell("there is no such key");
        else if (seen.has(text)) tell("the key is there twice");
        seen.add(text);
      }
    },
  });
  return found;
}
