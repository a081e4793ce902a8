/** What a template says of itself, whether it fits a provider, what differs between two, and what processes are given. */
import { expect, test } from "vitest";
import { applicationEnvironment } from "../../src/drivers/application/inputs.ts";
import type { EnvironmentDefinition } from "../../src/model/environment.ts";
import { Problem } from "../../src/model/problem.ts";
import { architectureOf, type Catalogue } from "../../src/model/template/catalogue.ts";
import { type TemplateContent, templateDifferences } from "../../src/model/template/differences.ts";
import { fitOf } from "../../src/model/template/fit.ts";
import { type Manifest, manifestSchema } from "../../src/model/template/manifest.ts";
import { mustHoldScripts, parseManifest } from "../../src/model/template/manifest-file.ts";
import { give } from "../../src/model/template/process-inputs.ts";
import { openLaunches } from "../../src/run/launches.ts";
import { drawDifferences } from "../../src/view/templates.ts";
import { shop } from "../laws/shop.ts";
import { systemClock } from "../../src/run/clock.ts";

const whole = `name: app
architectures: [x86_64]
runtime:
  - { check: node --version }
inputs:
  MODE: { text: production }
scripts:
  boot:
    - run: scripts/one.sh
      inputs: { MODE: { required: true, choices: [production, staging] } }
    - run: scripts/two.sh
  operational:
    report: { run: scripts/report.sh }
`;

function mistakes(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof Problem && error.text.at?.startsWith("app/template.yaml:")) return error.text.why;
    throw error;
  }
  throw new Error("it found nothing");
}
const parse = (from: string, to: string) => () => {
  expect(whole).toContain(from);
  return parseManifest(whole.replace(from, to), "app/template.yaml");
};

test.each([
  ["name: app", "name: App", "app/template.yaml:1 name: must be lower case letters"],
  ["run: scripts/two.sh", "run: ../two.sh", "app/template.yaml:11 scripts.boot.1.run: must be a path inside"],
  ["run: scripts/two.sh", "run: scripts/one.sh", "app/template.yaml:11 scripts.boot.1.run: is there twice"],
  [
    "{ text: production }",
    "{ text: other }",
    'app/template.yaml:6 inputs.MODE: "other" is none of production, staging',
  ],
  ["inputs: { MODE", "inputs: { ROLE", "app/template.yaml:10 scripts.boot.0.inputs.ROLE: is set by Changeover itself"],
  ["required: true", "default: { text: no }", 'MODE.default: "no" is none of production, staging'],
  [
    "node --version }",
    "node --version, architectures: [i686] }",
    "is for i686 (32 bit), and the template for x86_64 (64 bit)",
  ],
  ["operational:", "operationals:", "app/template.yaml:12 scripts.operationals: there is no such key"],
])("the manifest is told its mistake: %s → %s", (from, to, why) => {
  expect(mistakes(parse(from, to))).toContain(why);
});

test("scripts that are not there, or that nobody may run, are told by their lines", () => {
  const manifest = parseManifest(whole, "app/template.yaml");
  const held = (executable: boolean) => [
    { path: "scripts/one.sh", executable: true },
    { path: "scripts/two.sh", executable },
    { path: "scripts/report.sh", executable: true },
  ];
  mustHoldScripts(manifest, held(true), whole, "app/template.yaml");
  expect(mistakes(() => mustHoldScripts(manifest, held(false), whole, "app/template.yaml"))).toBe(
    "app/template.yaml:11 scripts/two.sh: it is not executable",
  );
  expect(mistakes(() => mustHoldScripts(manifest, held(true).slice(0, 2), whole, "app/template.yaml"))).toBe(
    "app/template.yaml:13 scripts/report.sh: there is no such file",
  );
});

const cloud: Catalogue = {
  images: [
    { name: "debian-12", architectures: ["x86_64"] },
    { name: "debian-12-arm", architectures: ["aarch64"] },
    { name: "debian-10-32", architectures: ["i686"] },
  ],
  sizes: [
    { name: "tiny", architectures: ["x86_64", "i686"], cores: 1, memoryMiB: 256, diskMiB: 4_000 },
    { name: "small", architectures: ["x86_64"], cores: 2, memoryMiB: 2_048, diskMiB: 8_000 },
    { name: "arm", architectures: ["aarch64"], cores: 2, memoryMiB: 2_048, diskMiB: 8_000 },
  ],
};
const manifest = (more: object = {}): Manifest => manifestSchema.parse({ name: "app", ...more });
const fits = (more: object, image: string | null = null, size: string | null = null) =>
  fitOf(manifest(more), { image, size }, cloud);

test("image, size and architecture are what the template prefers and the provider has", () => {
  expect(fits({})).toEqual({ image: "debian-12", size: "tiny", architecture: "x86_64", contradictions: [] });
  expect(fits({ images: ["none", "debian-12-arm"], sizes: ["arm"] })).toMatchObject({
    ...{ image: "debian-12-arm", size: "arm", architecture: "aarch64", contradictions: [] },
  });
  expect(fits({ architectures: ["aarch64"] })).toMatchObject({
    image: "debian-12-arm",
    size: "arm",
    contradictions: [],
  });
  expect(fits({ needs: { cores: 2 } })).toMatchObject({ image: "debian-12", size: "small", contradictions: [] });
});

test.each([
  [{}, "none", null, 'the provider does not have image "none"; it has debian-12, debian-12-arm, debian-10-32'],
  [
    { images: ["debian-12"] },
    "debian-10-32",
    null,
    'image "debian-10-32" is none of template "app", which names debian-12',
  ],
  [{ sizes: ["huge"] }, null, null, 'the provider does not have size "huge"; it has tiny, small, arm'],
  [{}, "debian-10-32", "small", 'image "debian-10-32" is for i686 (32 bit), and size "small" is for x86_64 (64 bit)'],
  [
    { architectures: ["x86_64"] },
    "debian-12-arm",
    "arm",
    'template "app" is for x86_64 (64 bit), and image "debian-12-arm" is for aarch64',
  ],
  [{ needs: { memoryMiB: 512 } }, null, "tiny", 'size "tiny" has 256 MiB of memory, and template "app" needs 512'],
  [{ needs: { cores: 4, diskMiB: 9_000 } }, null, "small", 'size "small" has 2 cores, and template "app" needs 4'],
  [
    { runtime: [{ check: "node -v", architectures: ["aarch64"] }] },
    "debian-12",
    "small",
    'size "small" is for x86_64 (64 bit), and runtime check "node -v" is for aarch64 (64 bit)',
  ],
] as const)("what does not go together is named by both: %j with %s and %s", (more, image, size, why) => {
  expect(fits(more, image, size).contradictions.join("\n")).toContain(why);
});

test("a machine of 64 bits may have a system of 32", () => {
  expect([architectureOf("x86_64", 32), architectureOf("aarch64", 64), architectureOf("i586", 32)]).toEqual([
    ...["i686", "aarch64", "i686"],
  ]);
  expect(architectureOf("riscv64", 64)).toBe(null);
});

test("two contents differ in words, then file by file", () => {
  const content = (name: string, of: Manifest, files: Record<string, string>): TemplateContent => ({
    ...{ name, hash: name, manifest: of },
    files: new Map(
      Object.entries(files).map(([path, text]) => [path, { path, executable: path === "b.sh", hash: text, text }]),
    ),
  });
  const boot = (...runs: string[]) => runs.map((run) => ({ run }));
  const before = manifest({ inputs: { MODE: { text: "one" } }, scripts: { boot: boot("a.sh", "b.sh") } });
  const after = manifest({
    images: ["debian-12"],
    inputs: { MODE: { credential: "mode" } },
    scripts: {
      boot: [...boot("b.sh"), { run: "a.sh", seconds: 90, inputs: { KEEP: { required: true } } }],
      operational: { report: { run: "c.sh" } },
    },
  });
  const seen = templateDifferences(
    content("app@1", before, { "a.sh": "one\n", "b.sh": "same\n", "old.txt": "gone\n" }),
    content("app@2", after, { "a.sh": "two\n", "b.sh": "same\n", "c.sh": "new\n" }),
  );
  expect(drawDifferences(seen).join("\n")).toBe(`app@1 → app@2
  images: any → debian-12
  input MODE: "one" → credential mode
  boot script a.sh may take: 60 s → 90 s
  boot script a.sh reads KEEP from now on (required)
  operational script report is new
  order of the boot scripts: a.sh, b.sh → b.sh, a.sh

changed a.sh
--- app@1/a.sh
+++ app@2/a.sh
@@ -1,1 +1,1 @@
-one
+two

added c.sh
--- app@1/c.sh
+++ app@2/c.sh
@@ -0,0 +1,1 @@
+new

removed old.txt
--- app@1/old.txt
+++ app@2/old.txt
@@ -1,1 +0,0 @@
-gone`);
});

test("a process gets texts, credentials, lists, and of a key the path of a file", () => {
  const credential = (name: string) => `secret of ${name}`;
  const values = {
    MODE: { text: "production" },
    TOKEN: { credential: "token" },
    PEERS: { array: [{ text: "a" }, { credential: "b" }] },
    KEY: { key: "deploy" },
  };
  expect(give(values, { directory: "/srv/app-1", credential })).toEqual({
    env: { MODE: "production", TOKEN: "secret of token", PEERS: "a,secret of b", KEY: "/srv/app-1/keys/KEY" },
    keys: [{ path: "keys/KEY", content: "secret of deploy\n" }],
  });
});

test("what a server was launched with goes before what the release says, and a rehearsal stays one", () => {
  const host = { name: "app-1", address: "127.0.0.2", directory: "/srv/app-1" };
  const vault = { secret: () => "secret", credential: () => "credential", redact: (text: string) => text };
  const settings = {
    ...{ port: 8000, publicHost: "shop.test", database: { name: "shop", user: "shop" } },
    ...{ prepareMs: 1, path: null, rehearsal: true },
  };
  const install = { release: "1", inputs: { MODE: "release", ONLY: "release" }, runtime: null };
  const database = { address: "127.0.0.3", port: 3307 };
  const launched = { MODE: "launch", REHEARSAL: "0" };
  expect(applicationEnvironment(host, settings, { ...install, database }, "web", vault, launched)).toMatchObject({
    MODE: "launch",
    ONLY: "release",
    REHEARSAL: "1",
    SERVER_NAME: "app-1",
  });
});

const launching = (of: Manifest, application: object = {}, policy: "any" | "committed" = "committed") =>
  openLaunches({
    library: { find: async (named: object) => ({ ref: { ...named, hash: "a".repeat(32) }, manifest: of }) } as never,
    catalogue: async () => cloud,
    credentials: async () => ["token"],
    clock: systemClock,
    inputs: async () => [],
  }).bootOf(
    {
      ...shop,
      application: { ...shop.application, template: "app@1", ...application },
      policy: { ...shop.policy, templates: policy },
    } as EnvironmentDefinition,
    "/shop.yaml",
  );
const script = (inputs: object) => ({ scripts: { boot: [{ run: "a.sh", inputs }] } });

test("a launch has the template's own values above those of its scripts, and says where each is from", async () => {
  const of = manifest({
    inputs: { MODE: { text: "b" } },
    ...script({ MODE: { default: { text: "a" } }, LEVEL: { default: { text: "1" } } }),
  });
  const record = { environment: "shop", name: "app-1", kind: "application", address: "", labels: {} } as const;
  const boot = (await launching(of))?.(record);
  expect(boot?.launch).toMatchObject({
    ...{ template: { name: "app", revision: 1 }, image: "debian-12", size: "tiny" },
    inputs: {
      MODE: { value: { text: "b" }, level: "template", from: "app" },
      LEVEL: { value: { text: "1" }, level: "script", from: "a.sh" },
    },
  });
});

test.each([
  [
    "a required input without a value",
    script({ MODE: { required: true } }),
    {},
    "MODE has no value, and is required by a.sh",
  ],
  [
    "two defaults that differ",
    { scripts: { boot: ["a", "b"].map((text) => ({ run: `${text}.sh`, inputs: { MODE: { default: { text } } } })) } },
    {},
    "MODE is ambiguous: a.sh says a, b.sh says b",
  ],
  ["a credential that nobody set", { inputs: { MODE: { credential: "none" } } }, {}, 'no credential "none"'],
  ["what does not fit the provider", { needs: { memoryMiB: 9_999 } }, {}, "needs 9999"],
  ["the head, in production", {}, { template: "app" }, "what lies in its folder may change at any moment"],
])("a launch is refused for %s", async (_, more, application, why) => {
  const record = { environment: "shop", name: "app-1", kind: "application", address: "", labels: {} } as const;
  const boot = launching(manifest(more), application).then((of) => of?.(record));
  await expect(boot).rejects.toThrow(why);
});

test("where the policy lets it be, the head is launched; without a template there is nothing to boot", async () => {
  expect(await launching(manifest(), { template: "app" }, "any")).toBeTypeOf("function");
  expect(await launching(manifest(), { template: undefined })).toBe(undefined);
});
