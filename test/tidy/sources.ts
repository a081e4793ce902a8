/** Reads the files of the house once, for the style tests to look at. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join, relative, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../..");

export interface Source {
  path: string;
  text: string;
  lines: string[];
}

const skippedFolders = new Set(["node_modules", ".git", ".runtime", "artefacts"]);

function* walk(folder: string): Generator<string> {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (skippedFolders.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (entry.isFile()) yield path;
  }
}

export function read(path: string): Source {
  const text = readFileSync(path, "utf8");
  return { path: relative(root, path), text, lines: text.split("\n") };
}

export const filesIn = (folder: string, ...endings: string[]): Source[] =>
  [...walk(join(root, folder))].filter((path) => endings.includes(extname(path))).map(read);

export const source = filesIn("src", ".ts");
export const tests = filesIn("test", ".ts");
export const code = [...source, ...tests, ...filesIn("bench", ".ts"), ...filesIn("bootstrap", ".js")];
export const pages = [
  ...filesIn("docs", ".md"),
  ...filesIn("examples", ".md"),
  ...readdirSync(root)
    .filter((name) => name.endsWith(".md"))
    .map((name) => read(join(root, name))),
];

/** Code in a page is the product's own syntax: fences and backticks do not count. */
export const proseOf = ({ path, lines }: Source): string[] => {
  if (!path.endsWith(".md")) return lines;
  let fenced = false;
  return lines.map((line) => {
    const fence = /^\s*(```|~~~)/.test(line);
    if (fence) fenced = !fenced;
    return fence || fenced ? "" : line.replace(/`[^`]*`/g, "");
  });
};

export const grep = (files: Source[], pattern: RegExp, says: string): string[] =>
  files.flatMap((file) =>
    proseOf(file).flatMap((line, at) => (pattern.test(line) ? [`${file.path}:${at + 1}: ${says}`] : [])),
  );
