/** The style of the house as tests: arrows between folders, lengths, first sentences, words, links. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, extname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";
import { arrows, folderOf, isWiring, importsOf, packageHomes, packageOf } from "./tidy/arrows.ts";
import { code, filesIn, grep, pages, proseOf, read, root, source, tests } from "./tidy/sources.ts";

const vagueNames = /(^|[/-])(utils?|helpers?|common|misc)([/.-]|$)/;
const oldWords = /\b(master|slave)s?\b/i;
/** The products themselves talk like this; what we say about them does not. */
const productFolders = ["src/drivers/mariadb/", "src/drivers/haproxy/", "src/providers/lab/"];

/** Each finding stands on a line of its own, so that a failing test is a list of places to go to. */
const expectNone = (findings: string[], rule: string) => expect(findings.join("\n"), rule).toBe("");

test("imports are found whatever form they take", () => {
  const text = 'import {\n  a,\n} from "./a.ts";\nexport { b } from "../b.ts";\nimport "c";\nawait import("./d.ts");\n';
  expect(importsOf(text)).toEqual([
    { line: 3, target: "./a.ts" },
    { line: 4, target: "../b.ts" },
    { line: 5, target: "c" },
    { line: 6, target: "./d.ts" },
  ]);
});

test("folders import only in the direction of the arrows", () => {
  const findings: string[] = [];
  for (const { path, text } of source) {
    if (isWiring(path)) continue;
    const from = folderOf(path) ?? "src itself";
    const allowed = arrows[from];
    if (!allowed) {
      findings.push(`${path}: "${from}" has no arrows; give it some in test/tidy/arrows.ts`);
      continue;
    }
    for (const { line, target } of importsOf(text)) {
      if (!target.startsWith(".")) continue;
      const reached = relative(root, resolve(root, dirname(path), target));
      const to = folderOf(reached);
      if (to !== from && (to === null || !allowed.includes(to))) {
        findings.push(
          `${path}:${line}: ${from} may not import ${reached}; it may import ${allowed.join(", ") || "nothing"}`,
        );
      }
    }
  }
  expectNone(findings, "arrows");
});

test("a package that speaks to one thing is imported in one place", () => {
  const findings = source.flatMap(({ path, text }) =>
    importsOf(text).flatMap(({ line, target }) => {
      const homes = packageHomes[packageOf(target)];
      if (!homes || homes.some((home) => path.startsWith(home))) return [];
      return [`${path}:${line}: ${packageOf(target)} belongs in ${homes.join(" or ")}`];
    }),
  );
  expectNone(findings, "package homes");
});

test("relative imports name an existing file with its ending", () => {
  const findings = code.flatMap(({ path, text }) =>
    importsOf(text)
      .filter(({ target }) => target.startsWith("./") || target.startsWith("../"))
      .filter(({ target }) => !existsSync(resolve(root, dirname(path), target)) || extname(target) === "")
      .map(({ line, target }) => `${path}:${line}: there is no ${target}`),
  );
  expectNone(
    findings.filter((finding) => !finding.startsWith("test/tidy.test.ts")),
    "imports",
  );
});

test("no file of src is longer than 400 lines", () => {
  const long = source.filter(({ lines }) => lines.length > 400);
  expectNone(
    long.map(({ path, lines }) => `${path}: ${lines.length} lines; split it by idea`),
    "lengths",
  );
});

test("half of the files of src have at most 80 lines", () => {
  const lengths = source.map(({ lines }) => lines.length).sort((left, right) => left - right);
  expect(lengths[Math.floor(lengths.length / 2)], "the median of all files' lines").toBeLessThanOrEqual(80);
});

test("no line is longer than 120 columns", () => {
  const findings = code.flatMap(({ path, lines }) =>
    lines.flatMap((line, at) =>
      line.length > 120 && !/https?:|["'`/]/.test(line) ? [`${path}:${at + 1}: ${line.length} columns`] : [],
    ),
  );
  expectNone(findings, "columns");
});

test("every file begins with one sentence that says what it is for", () => {
  const findings = code.flatMap(({ path, text }) => {
    const first = text.replace(/^#!.*\n/, "");
    const sentence = first.startsWith("/** ") ? first.slice(4, first.indexOf("*/")) : "";
    const isSentence = /^[A-Z0-9`"][\s\S]*\.(\s|$)/.test(sentence);
    return isSentence
      ? []
      : [`${path}:1: begin with /** One sentence saying what the file is for, with a full stop. */`];
  });
  expectNone(findings, "first sentences");
});

test("no name says nothing", () => {
  const findings = [...code, ...pages].map(({ path }) => path).filter((path) => vagueNames.test(path));
  expectNone(
    findings.map((path) => `${path}: name it after what it does`),
    "names",
  );
});

test("our own text has no masters and no slaves", () => {
  const ours = [...source, ...pages].filter(({ path }) => !productFolders.some((folder) => path.startsWith(folder)));
  expectNone(grep(ours, oldWords, "say primary, replica or standby"), "words");
});

test("nothing is left to do in the text", () => {
  const itself = (path: string) => path === "test/tidy.test.ts";
  const files = [...code, ...pages].filter(({ path }) => !itself(path));
  expectNone(grep(files, /\b(TODO|FIXME|XXX)\b/, "do it, or open an issue"), "left-overs");
});

test("no path of one particular machine is in the text", () => {
  const files = [...code, ...pages].filter(({ path }) => path !== "test/tidy.test.ts");
  const own = /(^|[\s"'`(=:])\/(work|home\/\w+|Users\/\w+|opt\/n\d+)\//;
  expectNone(grep(files, own, "an absolute path of someone's machine"), "paths");
});

test("relative links in the pages lead somewhere", () => {
  const findings = pages.flatMap((page) =>
    proseOf(page).flatMap((line, at) =>
      [...line.matchAll(/\]\(([^)\s]+)\)/g)]
        .map((match) => (match[1] ?? "").split("#")[0] ?? "")
        .filter((target) => target !== "" && !/^[a-z]+:/.test(target))
        .filter((target) => !existsSync(resolve(root, dirname(page.path), target)))
        .map((target) => `${page.path}:${at + 1}: there is no ${target}`),
    ),
  );
  expectNone(findings, "links");
});

test("every file under test is a test or is imported by one", () => {
  const named = ["test/reporter.ts"];
  const reached = new Set(
    [...tests, ...filesIn("bench", ".ts")].flatMap(({ path, text }) =>
      importsOf(text).map(({ target }) => relative(root, resolve(root, dirname(path), target))),
    ),
  );
  const idle = tests.filter(
    ({ path }) => !path.endsWith(".test.ts") && !reached.has(path) && !named.includes(path) && !startedByTest(path),
  );
  expectNone(
    idle.map(({ path }) => `${path}: nobody runs or imports it`),
    "idle test files",
  );
});

/** A program that a test starts as a process of its own is named in that test by its file name. */
function startedByTest(path: string): boolean {
  const name = path.split("/").at(-1) ?? path;
  return tests.some((test) => test.path !== path && test.path !== "test/tidy.test.ts" && test.text.includes(name));
}

test("the changelog has an entry for this version", () => {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const changelog = join(root, "CHANGELOG.md");
  expect(existsSync(changelog), "CHANGELOG.md exists").toBe(true);
  expect(readFileSync(changelog, "utf8"), `CHANGELOG.md has a heading for ${version}`).toMatch(
    new RegExp(`^## .*${version.replaceAll(".", "\\.")}`, "m"),
  );
});

test("every step is in the registry", () => {
  const registry = join(root, "src/steps/registry.ts");
  if (!existsSync(registry)) return;
  const registered = importsOf(readFileSync(registry, "utf8")).map(({ target }) => target.replace("./", ""));
  const missing = readdirSync(join(root, "src/steps"))
    .filter((name) => name.endsWith(".ts") && /\bdefineStep[(<]/.test(read(join(root, "src/steps", name)).text))
    .filter((name) => !registered.includes(name));
  expectNone(
    missing.map((name) => `src/steps/${name}: not in the registry`),
    "registry",
  );
});

test("every declared skip has a reason", () => {
  const allowed: Record<string, string> = JSON.parse(readFileSync(join(root, "test/allowed-skips.json"), "utf8"));
  const bare = Object.entries(allowed).filter(([, reason]) => reason.trim() === "");
  expectNone(
    bare.map(([name]) => `test/allowed-skips.json: "${name}" has no reason`),
    "skips",
  );
});
