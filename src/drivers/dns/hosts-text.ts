/** The lines of a hosts file: where a name leads by them, and the same text with that name elsewhere. Pure. */
import type { NameRecord } from "../../model/dns-name.ts";
import { isServerAddress, sorted } from "../../model/dns-name.ts";

interface Line {
  /** With its end; the text is read as latin1, so that every byte stays what it is. */
  raw: string;
  address: string;
  names: string[];
}

const linesOf = (text: string): Line[] => (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).map(readLine);

function readLine(raw: string): Line {
  const [address = "", ...names] = (raw.split("#")[0] ?? "").trim().split(/[ \t]+/);
  return { raw, address, names: names.map((name) => name.toLowerCase()) };
}

export interface HostsRecord extends NameRecord {
  /** What it leads to besides: IPv6, or what is no address of a server. */
  strange: string[];
}

export function recordIn(text: string, name: string): HostsRecord {
  const all = linesOf(text).flatMap(({ address, names }) => (names.includes(name) ? [address] : []));
  const given = [...new Set(all)];
  const addresses = sorted(given.filter(isServerAddress));
  return { name, addresses, ttlSeconds: 0, strange: given.filter((address) => !isServerAddress(address)) };
}

/** Every other line stays as it is; only a last line without an end gets one when another follows. */
export function textWith(text: string, name: string, addresses: readonly string[]): string {
  const lines = linesOf(text);
  const end = lines[0]?.raw.endsWith("\r\n") ? "\r\n" : "\n";
  const own = addresses.map((address) => `${address} ${name}${end}`);
  const first = lines.findIndex(({ names }) => names.includes(name));
  const kept = lines.map((line) => (line.names.includes(name) ? without(line, name) : line.raw));
  const at = first < 0 ? kept.length : first;
  const before = kept.slice(0, at).join("");
  const gap = own.length > 0 && before !== "" && !before.endsWith("\n") ? end : "";
  return `${before}${gap}${own.join("")}${kept.slice(at).join("")}`;
}

/** A line goes with its only name; else it loses just that one, and the blanks before it. */
function without({ raw, names }: Line, name: string): string {
  if (names.every((one) => one === name)) return "";
  const hash = raw.indexOf("#");
  const data = hash < 0 ? raw : raw.slice(0, hash);
  const rest = hash < 0 ? "" : raw.slice(hash);
  return (
    data.replace(/[ \t]+[^ \t\r\n]+/g, (word, at: number) =>
      at > 0 && word.trim().toLowerCase() === name ? "" : word,
    ) + rest
  );
}
