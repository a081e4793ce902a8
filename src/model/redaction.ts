/** Leaves secret values out of a text, also in the forms in which URLs, JSON and base64 carry them. */
import { SHORTEST } from "./credential.ts";

const INSTEAD = "‹secret›";

/** The values are asked for each time: there may be more of them by then. */
export function redactionOf(values: () => readonly string[]): (text: string) => string {
  let known: { values: string; pattern: RegExp | null } = { values: "", pattern: null };
  return (text) => {
    const now = values();
    const key = JSON.stringify(now);
    if (known.values !== key) known = { values: key, pattern: patternOf(now) };
    return known.pattern ? text.replace(known.pattern, INSTEAD) : text;
  };
}

/**
 * For the end of something longer: it may begin in the middle of a secret, which nobody could tell any more. So
 * what is left of its first line goes; where that is all there is, as much as the longest form of a secret.
 */
export function withoutCutStart(text: string, values: readonly string[]): string {
  const end = text.indexOf("\n");
  if (end >= 0 && end < text.length - 1) return text.slice(end + 1);
  return text.slice(Math.max(0, ...values.flatMap(formsOf).map(({ length }) => length)));
}

function patternOf(values: readonly string[]): RegExp | null {
  const forms = [...new Set(values.flatMap(formsOf))].sort((left, right) => right.length - left.length);
  return forms.length === 0 ? null : new RegExp(forms.map(literally).join("|"), "gi");
}

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

function formsOf(value: string): string[] {
  // Programs print what has several lines line by line, with something before each.
  const parts = [value, ...(value.includes("\n") ? value.split(/\r?\n/) : [])].map((part) => part.trim());
  return parts.filter(({ length }) => length >= SHORTEST).flatMap((part) => [...spelled(part), ...encoded(part)]);
}

function spelled(text: string): string[] {
  const url = encodeURIComponent(text.toWellFormed());
  const form = new URLSearchParams([["", text]]).toString().slice(1);
  const json = JSON.stringify(text).slice(1, -1);
  const ascii = json.replace(/[^\x20-\x7e]/g, (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return [text, url, encodeURI(text.toWellFormed()), form, json, json.replaceAll("/", "\\/"), ascii];
}

/** Base64 spells a text in three ways, by how many bytes stand before it; what its neighbours change is not counted. */
function encoded(text: string): string[] {
  const bytes = Buffer.from(text);
  return [0, 1, 2].flatMap((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]);
    const part = (spelling: "base64" | "base64url") =>
      whole.toString(spelling).slice(Math.ceil((before * 8) / 6), Math.floor((whole.length * 8) / 6));
    return [part("base64"), part("base64url")];
  });
}
