/** Decides by a known_hosts file whether a host's key is the one we know: plain, wildcard and hashed names, other ports. */
import { createHmac } from "node:crypto";

export type Verdict = "known" | "unknown" | "changed" | "revoked";

interface Entry {
  revoked: boolean;
  names: string;
  type: string;
  key: string;
}

function entriesOf(text: string): Entry[] {
  return text.split("\n").flatMap((line) => {
    const words = line.trim().split(/\s+/);
    if (words[0] === "" || words[0]?.startsWith("#")) return [];
    const marker = words[0]?.startsWith("@") ? words.shift() : undefined;
    const [names, type, key] = words;
    // We don't check certificates, so an authority's own key vouches for nothing here.
    if (!names || !type || !key || (marker && marker !== "@revoked")) return [];
    return [{ revoked: marker === "@revoked", names, type, key }];
  });
}

/** How the host is written there: with its port only when that is not the usual one. */
const writtenAs = (host: string, port: number): string => (port === 22 ? host : `[${host}]:${port}`).toLowerCase();

function covers(names: string, host: string): boolean {
  if (names.startsWith("|1|")) {
    const [, , salt = "", hash = ""] = names.split("|");
    return createHmac("sha1", Buffer.from(salt, "base64")).update(host).digest("base64") === hash;
  }
  const patterns = names.toLowerCase().split(",");
  if (patterns.some((pattern) => pattern.startsWith("!") && matches(pattern.slice(1), host))) return false;
  return patterns.some((pattern) => matches(pattern, host));
}

function matches(pattern: string, host: string): boolean {
  const parts = pattern
    .replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")
    .replaceAll("\\*", ".*")
    .replaceAll("\\?", ".");
  return new RegExp(`^${parts}$`).test(host);
}

export function judge(text: string, at: { host: string; port: number }, key: Buffer): Verdict {
  const host = writtenAs(at.host, at.port);
  const known = entriesOf(text).filter((entry) => covers(entry.names, host));
  const same = known.filter((entry) => Buffer.from(entry.key, "base64").equals(key));
  if (same.some((entry) => entry.revoked)) return "revoked";
  if (same.length > 0) return "known";
  return known.some((entry) => !entry.revoked) ? "changed" : "unknown";
}

/** Which signature algorithms to ask the host for, so that it shows a key that we can compare. */
export function algorithmsFor(text: string, at: { host: string; port: number }): string[] {
  const host = writtenAs(at.host, at.port);
  const types = entriesOf(text)
    .filter((entry) => !entry.revoked && covers(entry.names, host))
    .map(({ type }) => type);
  return [...new Set(types.flatMap((type) => (type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [type])))];
}
