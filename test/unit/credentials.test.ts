/** Credentials: sealed at rest, listed by name, and left out of texts in every form in which programs spell them. */
import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkCredential, credentialsIn, valuesOf } from "../../src/model/credential.ts";
import { discreet } from "../../src/drivers/discreet.ts";
import { parseEnvironment } from "../../src/model/environment-file.ts";
import type { Host } from "../../src/model/host.ts";
import { Problem } from "../../src/model/problem.ts";
import { redactionOf, withoutCutStart } from "../../src/model/redaction.ts";
import { mustHaveCredentials } from "../../src/run/credentials.ts";
import { type Credentials, openCredentials } from "../../src/store/credentials.ts";
import { everySecret } from "../../src/store/known-secrets.ts";
import { openSeal } from "../../src/store/seal.ts";
import { openSecrets } from "../../src/store/secrets.ts";

function problemOf(act: () => unknown): Problem {
  try {
    act();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error("it passed");
}

/** As version 0.1.0 wrote it. */
function sealedBefore(key: Buffer, text: string, place: string): string {
  const id = createHash("sha256")
    .update(`key ${key.toString("hex")}`)
    .digest("hex")
    .slice(0, 8);
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(place));
  const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return ["aes-256-gcm", id, ...[nonce, cipher.getAuthTag(), body].map((part) => part.toString("base64url"))].join(".");
}

describe("kept in the home", () => {
  let home: string;
  let credentials: Credentials;
  const sealed = () => readFileSync(join(home, "secrets", "live.credentials.json"), "utf8");

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "changeover-credentials-"));
    credentials = openCredentials(home);
  });
  afterEach(() => rmSync(home, { recursive: true }));

  test("a value comes back, also to a control plane that was started again; its name is listed, itself is not on disk", () => {
    expect(credentials.set("live", "SMTP", "open sesame ✓")).toBe(false);
    expect(openCredentials(home).value("live", "SMTP")).toBe("open sesame ✓");
    expect(credentials.names("live")).toEqual(["SMTP"]);
    expect(credentials.environments()).toEqual(["live"]);
    for (const file of readdirSync(home, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      const path = join(file.parentPath, file.name);
      expect(readFileSync(path, "utf8")).not.toContain("sesame");
      expect(statSync(path).mode & 0o077, path).toBe(0);
    }
  });

  test("a replaced value is still left out of texts, because processes run with it; a removed one is gone", () => {
    for (const value of ["first-value", "second-value", "third-value", "fourth-value", "fifth-value"])
      credentials.set("live", "SMTP", value);
    expect(credentials.value("live", "SMTP")).toBe("fifth-value");
    expect(credentials.values("live")).toEqual(["fifth-value", "fourth-value", "third-value", "second-value"]);
    expect(credentials.remove("live", "SMTP")).toBe(true);
    expect(credentials.remove("live", "SMTP")).toBe(false);
    expect(credentials.values("live")).toEqual([]);
    expect(credentials.value("live", "SMTP")).toBeNull();
  });

  test("names that every object has are names like others", () => {
    expect(credentials.value("live", "constructor")).toBeNull();
    credentials.set("live", "constructor", "its value");
    expect(credentials.value("live", "constructor")).toBe("its value");
  });

  test("a value that was moved to another name or environment can't be opened", () => {
    credentials.set("live", "SMTP", "open sesame");
    writeFileSync(join(home, "secrets", "staging.credentials.json"), sealed(), { mode: 0o600 });
    expect(problemOf(() => credentials.value("staging", "SMTP")).text.why).toContain("moved from another place");
    writeFileSync(join(home, "secrets", "live.credentials.json"), sealed().replace("SMTP", "DKIM"), { mode: 0o600 });
    expect(problemOf(() => credentials.value("live", "DKIM")).text.next).toContain("changeover credential set");
  });

  test("without its key, or with another one, nothing opens; what is set anew does", () => {
    credentials.set("live", "SMTP", "open sesame");
    const key = join(home, "credentials.key");
    rmSync(key);
    expect(problemOf(() => credentials.value("live", "SMTP")).text.why).toContain(`there is no ${key}`);
    credentials.set("live", "DKIM", "another one");
    expect(problemOf(() => credentials.value("live", "SMTP")).text.why).toContain("another key");
    expect(credentials.values("live")).toEqual(["another one"]);
    chmodSync(key, 0o644);
    expect(problemOf(() => credentials.value("live", "DKIM")).text.next).toContain(`chmod 600 ${key}`);
  });

  test("a value that an earlier release sealed still opens; set anew, it has the form of today", () => {
    credentials.set("live", "OTHER", "makes the key");
    const key = Buffer.from(readFileSync(join(home, "credentials.key"), "utf8").trim(), "base64");
    const old = sealedBefore(key, "open sesame ✓", '"SMTP" of "live"');
    writeFileSync(join(home, "secrets", "live.credentials.json"), JSON.stringify({ SMTP: [old] }), { mode: 0o600 });
    expect(credentials.value("live", "SMTP")).toBe("open sesame ✓");
    credentials.set("live", "SMTP", "open barley");
    expect(credentials.values("live")).toEqual(["open barley", "open sesame ✓"]);
    expect(JSON.parse(sealed()).SMTP[0]).toMatch(/^xchacha20-poly1305\.[0-9a-f]{8}\.[\w-]+$/);
    const elsewhere = JSON.stringify({ DKIM: [old] });
    writeFileSync(join(home, "secrets", "live.credentials.json"), elsewhere, { mode: 0o600 });
    expect(problemOf(() => credentials.value("live", "DKIM")).text.why).toContain("moved from another place");
  });

  test("no two seals of one value are alike, and one changed character anywhere opens nothing", () => {
    const seal = openSeal(join(home, "another.key"));
    const one = seal.close("open sesame", "here");
    expect(seal.close("open sesame", "here")).not.toBe(one);
    expect(seal.open(one, "here")).toBe("open sesame");
    for (let at = 0; at < one.length; at++) {
      const other = one[at] === "A" ? "B" : "A";
      const changed = one.slice(0, at) + other + one.slice(at + 1);
      // The last character holds bits that base64 does not use.
      if (at < one.length - 1) expect(() => seal.open(changed, "here"), changed).toThrow(Problem);
    }
    for (const cut of ["", "xchacha20-poly1305", one.split(".").slice(0, 2).join("."), one.slice(0, 60)])
      expect(() => seal.open(cut, "here"), cut).toThrow(Problem);
  });

  test("what the control plane's own environment holds is known, too", () => {
    credentials.set("live", "SMTP", "open sesame");
    const made = openSecrets(home).of("live")("database.app");
    const variables = {
      NPM_TOKEN: "npm_123456",
      PWD: "/some/folder",
      PATH: "/usr/bin",
      DATABASE_URL: "postgresql://me:p%40ssword@db.test/changeover",
    };
    const known = everySecret(openSecrets(home), credentials, variables);
    expect(known.sort()).toEqual([made, "open sesame", "npm_123456", "p%40ssword", "p@ssword"].sort());
  });
});

test.each([
  ["short", "fewer than 6"],
  ["    abc    ", "fewer than 6"],
  [`abcdef\0`, "zero byte"],
  ["x".repeat(40_000), "40000 bytes"],
])("a value that could not be kept or given is refused, and not repeated: %j", (value, why) => {
  const { text } = problemOf(() => checkCredential("SMTP", value));
  expect(text.why).toContain(why);
  expect(JSON.stringify(text)).not.toContain(value);
});

describe("redaction", () => {
  const spellings: Record<string, (value: string) => string> = {
    "as it is": (value) => value,
    "in a URL": encodeURIComponent,
    "in a form": (value) => new URLSearchParams({ v: value }).toString(),
    "in JSON": (value) => JSON.stringify({ v: value }),
    "in base64": (value) => Buffer.from(value).toString("base64"),
    "in base64 for URLs": (value) => Buffer.from(value).toString("base64url"),
    "in the header of basic authentication": (value) => Buffer.from(`user:${value}`).toString("base64"),
    "after two other bytes in base64": (value) => Buffer.from(`u:${value}!`).toString("base64"),
  };
  const redact = (values: string[]) => redactionOf(() => values);

  test.each(Object.entries(spellings))("no value is left %s", (_name, spell) => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii", minLength: 6, maxLength: 40 }), fc.string(), (value, around) => {
        fc.pre(value.trim().length >= 6);
        const told = redact([value])(`${around} ${spell(value)} ${around}`);
        expect(told).not.toContain(spell(value.trim()));
        expect(told).toContain("‹secret›");
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  test("what is not known stays as it is, and so does everything when nothing is known", () => {
    expect(redact(["hunter2-x"])("hunter2 and (hunter2-x)")).toBe("hunter2 and (‹secret›)");
    expect(redact([])("anything")).toBe("anything");
  });

  test("one that is part of another does not leave the rest of it", () => {
    expect(redact(["secret", "secret-and-more"])("secret-and-more, secret")).toBe("‹secret›, ‹secret›");
  });

  test("a value of several lines is found line by line", () => {
    const told = redact(["-----BEGIN KEY-----\nabcdefghijkl\nmnopqrstuvwx\n"])("1: abcdefghijkl\n2: mnopqrstuvwx");
    expect(told).toBe("1: ‹secret›\n2: ‹secret›");
  });

  test("the end of a longer text does not begin with half a value", () => {
    const value = "open-sesame-open-sesame";
    for (let cut = 1; cut < value.length; cut++) {
      const text = `${value.slice(cut)} rest of the line\nnext line ${value}`;
      expect(redact([value])(withoutCutStart(text, [value]))).toBe("next line ‹secret›");
      expect(withoutCutStart(`${value.slice(cut)}${"x".repeat(200)}`, [value])).toMatch(/^x+$/);
    }
  });
});

describe("a host's programs talk", () => {
  const value = "open-sesame-open-sesame";
  const talk = { log: "", code: 1 };
  const host = {
    exec: async () => ({ code: talk.code, stdout: talk.log, stderr: talk.log }),
    jobState: async () => ({ state: "lost", output: talk.log }),
    serviceState: async () => ({ state: "failing", pid: null, restarts: 1, tail: talk.log }),
    readFile: async () => value,
  } as unknown as Host;
  const quiet = discreet(host, { redact: redactionOf(() => [value]), values: () => [value] });
  const told = async () => {
    const { stdout, stderr } = await quiet.exec("x", { timeoutMs: 1 });
    const job = await quiet.jobState("x");
    return [stdout, stderr, "output" in job ? job.output : "", (await quiet.serviceState("x")).tail];
  };

  test("is told without what they were given: commands that fail, jobs, and the ends of logs", async () => {
    Object.assign(talk, { log: `given ${value}\n`, code: 1 });
    expect(await told()).toEqual(Array(4).fill("given ‹secret›\n"));
  });

  test("is not told from the middle of a secret where the host cut it off", async () => {
    Object.assign(talk, { log: `${value.slice(5)}\n${"x".repeat(70_000)}`, code: 1 });
    for (const text of (await told()).slice(2)) expect(text).not.toContain("sesame");
  });

  test("what drivers read as an answer stays as it is", async () => {
    Object.assign(talk, { log: value, code: 0 });
    expect((await quiet.exec("x", { timeoutMs: 1 })).stdout).toBe(value);
    expect(await quiet.readFile("x")).toBe(value);
  });
});

describe("in the environment file", () => {
  const file = (inputs: string) => `environment: shop
hosts: { public: shop.test, test: green.shop.test }
application: { name: shop }
database: { engine: mariadb, name: shop, user: shop }
release: "1"
releases:
  "1":
    artefact: release-1
    start: { web: ./web.sh }
    inputs: ${inputs}
checks: { health: { path: / } }
`;
  const parse = (inputs: string) => parseEnvironment(file(inputs), "shop.yaml");

  test("an input is a text or names a credential", () => {
    const { inputs } = parse("{ A: text, B: { credential: SMTP }, C: { credential: SMTP } }").releases["1"] ?? {};
    expect(credentialsIn(inputs ?? {})).toEqual(["SMTP"]);
    expect(valuesOf(inputs ?? {}, (name) => `<${name}>`)).toEqual({ A: "text", B: "<SMTP>", C: "<SMTP>" });
  });

  test.each(["{ A: { credentials: SMTP } }", "{ A: { credential: ../x } }", "{ A: 1 }", "{ CHANGEOVER_A: x }"])(
    "%s is refused at its line",
    (inputs) => {
      expect(problemOf(() => parse(inputs)).text.at).toBe("shop.yaml:10");
    },
  );

  test("a missing credential is named with the command that sets it", () => {
    const definition = parse("{ A: { credential: SMTP }, B: { credential: DKIM } }");
    expect(() => mustHaveCredentials(definition, ["1"], ["SMTP", "DKIM"])).not.toThrow();
    const { kind, text } = problemOf(() => mustHaveCredentials(definition, ["1"], ["SMTP"]));
    expect(kind).toBe("refused");
    expect(text.why).toContain('has no credential "DKIM"');
    expect(text.next).toBe("changeover credential set shop DKIM");
  });
});
