/** Which host keys are trusted, by a known_hosts file as OpenSSH writes it. */
import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { algorithmsFor, judge } from "../../src/providers/ssh/known-hosts.ts";

const key = Buffer.from("a key");
const other = Buffer.from("another key");
const text = key.toString("base64");
const at = (host: string, port = 22) => ({ host, port });

function hashed(name: string): string {
  const salt = Buffer.from("twenty bytes of salt");
  return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
}

test("a host is known by its name, one of its names, or a pattern", () => {
  const file = `# mine\n\nweb,10.0.0.1 ssh-ed25519 ${text} me@here\n*.example.org,!bad.example.org ssh-ed25519 ${text}\n`;
  for (const host of ["web", "WEB", "10.0.0.1", "a.example.org"])
    expect([host, judge(file, at(host), key)]).toEqual([host, "known"]);
  for (const host of ["web2", "10.0.0.11", "bad.example.org", "example.org"]) {
    expect([host, judge(file, at(host), key)]).toEqual([host, "unknown"]);
  }
});

test("another port is another host", () => {
  expect(judge(`web ssh-ed25519 ${text}`, at("web", 2222), key)).toBe("unknown");
  expect(judge(`[web]:2222 ssh-ed25519 ${text}`, at("web", 2222), key)).toBe("known");
});

test("hashed names are found", () => {
  expect(judge(`${hashed("web")} ssh-ed25519 ${text}`, at("web"), key)).toBe("known");
  expect(judge(`${hashed("[web]:2222")} ssh-ed25519 ${text}`, at("web", 2222), key)).toBe("known");
  expect(judge(`${hashed("web")} ssh-ed25519 ${text}`, at("db"), key)).toBe("unknown");
});

test("another key is a changed one, and a revoked one is worse than unknown", () => {
  const file = `web ssh-ed25519 ${text}`;
  expect(judge(file, at("web"), other)).toBe("changed");
  expect(judge(`${file}\n@revoked * ssh-ed25519 ${text}`, at("web"), key)).toBe("revoked");
  expect(judge(`@cert-authority * ssh-ed25519 ${text}`, at("web"), key)).toBe("unknown");
});

test("the host is asked for the kinds of key that are known of it", () => {
  const file = `web ssh-rsa ${text}\nweb ecdsa-sha2-nistp256 ${text}\ndb ssh-ed25519 ${text}`;
  expect(algorithmsFor(file, at("web"))).toEqual(["rsa-sha2-512", "rsa-sha2-256", "ecdsa-sha2-nistp256"]);
  expect(algorithmsFor(file, at("nobody"))).toEqual([]);
});
