/** Names and addresses as they are compared, and whether a text names one; case, ports, paths and dots make no difference. */

/** A host name in the one spelling in which two are the same. */
export const plainName = (text: string): string => text.trim().toLowerCase().replace(/\.$/, "");

/** An address in the one spelling in which two are the same; what is no address is taken for a name. */
export function plainAddress(text: string): string {
  const bare = plainName(text).replace(/^\[(.*)\]$/, "$1");
  try {
    // The URL standard has one spelling for each address, whatever the way it was written.
    return new URL(`http://${bare.includes(":") ? `[${bare}]` : bare}`).hostname.replace(/^\[(.*)\]$/, "$1");
  } catch {
    return bare;
  }
}

const NAME = /[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?/g;
const SIX = /[0-9a-f]*:[0-9a-f:.]*:[0-9a-f.]*/g;

/** Everything in a text that could be a name or an address, each once. */
export function namesIn(text: string): Set<string> {
  const found = new Set<string>();
  for (const spelled of spellings(text)) {
    for (const [name] of spelled.matchAll(NAME)) found.add(name);
    for (const [address] of spelled.matchAll(SIX)) found.add(plainAddress(address.replace(/^:(?!:)/, "")));
  }
  return found;
}

/** A URL inside of a URL is written with percent signs. */
function spellings(text: string): string[] {
  const lower = text.toLowerCase();
  if (!/%[0-9a-f]{2}/.test(lower)) return [lower];
  return [
    lower,
    lower.replace(/%([0-9a-f]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))).toLowerCase(),
  ];
}

export function mentionsName(text: string, name: string): boolean {
  const plain = plainName(name);
  if (plain.includes(".")) return namesIn(text).has(plain);
  // A single word may stand in any text: only where a host's name stands it is one.
  const host = new RegExp(`(?:^|//|@)${plain.replace(/[^a-z0-9_]/g, "\\$&")}(?=[:/?#]|$)`);
  return spellings(text).some((spelled) => host.test(spelled.trim()));
}

export const mentionsAddress = (text: string, address: string): boolean => namesIn(text).has(plainAddress(address));

/** `network` is the beginning of addresses, "127.31.7". */
export const mentionsNetwork = (text: string, network: string): boolean =>
  [...namesIn(text)].some((name) => name === network || name.startsWith(`${network}.`));

/** The text with another name in the place of one that it mentions. */
export function withName(text: string, from: string, to: string): string {
  const literal = plainName(from).replace(/[^a-z0-9_]/g, "\\$&");
  return text.replace(new RegExp(`(?<![a-z0-9_-]|[a-z0-9_-]\\.)${literal}(?![a-z0-9_-]|\\.[a-z0-9_])`, "gi"), () => to);
}
