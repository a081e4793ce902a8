/** The library of server templates: heads read anew from their folders, revisions that never change, what differs. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TemplateRef } from "../model/launch.ts";
import { Problem } from "../model/problem.ts";
import { type TemplateContent, type TemplateDifferences, templateDifferences } from "../model/template/differences.ts";
import { type DeclaringScript, inputDeclarationSchema } from "../model/inputs/declaration.ts";
import { MANIFEST, type Manifest, scriptsOf } from "../model/template/manifest.ts";
import { mustHoldScripts, parseManifest } from "../model/template/manifest-file.ts";
import { type NamedTemplate, readNamed, sayTemplate } from "../model/template/reference.ts";
import type { Artefacts } from "../store/artefacts.ts";
import { readPacked } from "../store/packed.ts";
import type { Store } from "../store/store.ts";
import {
  commitRevision,
  findRevision,
  findTemplate,
  listTemplates,
  type RevisionRow,
  revisionsOf,
  type TemplateRow,
} from "../store/templates.ts";

import type { TemplateInputs } from "./input-ground.ts";

export interface LibraryParts {
  store: Store;
  artefacts: Artefacts;
}

/** What lies in a folder right now, looked at as a whole. */
export interface Head extends TemplateContent {
  folder: string;
}

export interface Committed {
  template: string;
  revision: number;
  hash: string;
  /** False: this content was committed before. */
  made: boolean;
  /** Files in it. */
  files: number;
}

export interface CommitWish {
  /** A registered template's name, or the absolute path of a folder. */
  of: { name: string } | { folder: string };
  message: string;
  by: string;
  /** The template moves to this folder. */
  moved: boolean;
}

export interface Library {
  list(): Promise<{ template: TemplateRow; revisions: RevisionRow[] }[]>;
  revisions(name: string): Promise<{ template: TemplateRow; revisions: RevisionRow[] }>;
  head(of: { name: string } | { folder: string }): Promise<Head>;
  commit(wish: CommitWish): Promise<Committed>;
  /** A revision, or the head as it is now. */
  find(named: NamedTemplate): Promise<{ ref: TemplateRef; manifest: Manifest }>;
  /** Each is a number, or `head`. */
  diff(name: string, from: string, to: string): Promise<TemplateDifferences>;
}

export function openLibrary(parts: LibraryParts): Library {
  const { store } = parts;
  const mustFind = async (name: string): Promise<TemplateRow> => {
    const found = await findTemplate(store, name);
    if (found) return found;
    const known = (await listTemplates(store)).map((one) => one.name);
    throw new Problem("not-found", {
      what: `there is no template "${name}"`,
      why: known.length === 0 ? "none was committed here" : `there are ${known.join(", ")}`,
      next: "changeover template commit FOLDER -m MESSAGE",
    });
  };
  const folderOf = async (of: CommitWish["of"]): Promise<string> =>
    "folder" in of ? of.folder : (await mustFind(of.name)).folder;
  const head = async (of: CommitWish["of"]): Promise<Head> => readHead(parts, await folderOf(of));
  return {
    async list() {
      const templates = await listTemplates(store);
      return Promise.all(
        templates.map(async (template) => ({ template, revisions: await revisionsOf(store, template.name) })),
      );
    },
    revisions: async (name) => ({ template: await mustFind(name), revisions: await revisionsOf(store, name) }),
    head,
    async commit(wish) {
      const { manifest, hash, folder, files } = await head(wish.of);
      if ("name" in wish.of && wish.of.name !== manifest.name) throw renamed(wish.of.name, manifest.name, folder);
      const known = await findTemplate(store, manifest.name);
      if (known && known.folder !== folder && !wish.moved) throw elsewhere(known, folder);
      const { message, by } = wish;
      const { revision, made } = await commitRevision(store, {
        ...{ template: manifest.name, folder, hash, manifest, message, by },
      });
      return { template: manifest.name, revision: revision.number, hash, made, files: files.size };
    },
    async find(named) {
      const template = await mustFind(named.name);
      if (named.revision === null) {
        const { hash, manifest } = await readHead(parts, template.folder);
        return { ref: { name: named.name, revision: null, hash }, manifest };
      }
      const { hash, manifest } = await mustFindRevision(store, named.name, named.revision);
      return { ref: { ...named, hash }, manifest };
    },
    diff: async (name, from, to) => {
      const template = await mustFind(name);
      return templateDifferences(await contentOf(parts, template, from), await contentOf(parts, template, to));
    },
  };
}

/** What its scripts read, each with the phase in which it runs; what only the manifest names is for the application. */
export function declaringScripts(manifest: Manifest): DeclaringScript[] {
  const scripts = scriptsOf(manifest).map(({ name: script, phase, inputs }) => ({ script, phase, inputs }));
  const read = new Set(scripts.flatMap(({ inputs }) => Object.keys(inputs)));
  const others = Object.keys(manifest.inputs).filter((name) => !read.has(name));
  if (others.length === 0) return scripts;
  const own = Object.fromEntries(others.map((name) => [name, inputDeclarationSchema.parse({})]));
  return [...scripts, { script: "the application", phase: "boot", inputs: own }];
}

/** For whoever explains inputs: what a template says of them. */
export const templateInputs = (library: Pick<Library, "find">): TemplateInputs => ({
  async of(_environment, { name, revision }) {
    try {
      const { manifest } = await library.find({ name, revision });
      return { scripts: declaringScripts(manifest), values: manifest.inputs };
    } catch (error) {
      if (error instanceof Problem && error.kind === "not-found") return null;
      throw error;
    }
  },
});

async function readHead({ artefacts }: LibraryParts, folder: string): Promise<Head> {
  const file = join(folder, MANIFEST);
  if (!existsSync(file)) {
    throw new Problem("bad-input", {
      what: "there is no template",
      why: `there is no ${file}`,
      next: `name a folder that holds a ${MANIFEST} (docs/operate/templates.md)`,
    });
  }
  const hash = await artefacts.pack(folder, undefined);
  // Out of what was packed, not out of the folder: that may change meanwhile.
  const files = await readPacked(await artefacts.read(hash));
  const text = files.get(MANIFEST)?.text;
  if (text === null || text === undefined) {
    const next = "write it as a text of at most 64 KiB";
    throw new Problem("bad-input", { what: "the template can't be read", why: `${file} is no UTF-8 text`, next });
  }
  const manifest = parseManifest(text, file);
  mustHoldScripts(manifest, [...files.values()], text, file);
  return { name: sayTemplate({ name: manifest.name, revision: null }), folder, hash, manifest, files };
}

async function contentOf(parts: LibraryParts, template: TemplateRow, which: string): Promise<TemplateContent> {
  if (which === "head") return readHead(parts, template.folder);
  const number = readNamed(`${template.name}@${which}`)?.revision;
  if (!number) {
    throw new Problem("bad-input", {
      what: `"${which}" is no revision`,
      why: "a revision is a number, or head",
      next: `changeover template show ${template.name}`,
    });
  }
  const { hash, manifest } = await mustFindRevision(parts.store, template.name, number);
  const files = await readPacked(await parts.artefacts.read(hash));
  return { name: sayTemplate({ name: template.name, revision: number }), hash, manifest, files };
}

async function mustFindRevision(store: Store, name: string, number: number): Promise<RevisionRow> {
  const found = await findRevision(store, name, number);
  if (found) return found;
  const [newest] = await revisionsOf(store, name);
  throw new Problem("not-found", {
    what: `there is no revision ${number} of template "${name}"`,
    why: newest ? `the newest one is ${newest.number}` : "nothing of it was committed",
    next: `changeover template show ${name}`,
  });
}

const renamed = (name: string, now: string, folder: string): Problem =>
  new Problem("refused", {
    what: `template "${name}" can't be committed`,
    why: `its manifest in ${folder} says that it is called "${now}"`,
    next: `mend the name, or commit it as a template of its own: changeover template commit ${folder}`,
  });

const elsewhere = ({ name, folder }: TemplateRow, other: string): Problem =>
  new Problem("refused", {
    what: `template "${name}" can't be committed from ${other}`,
    why: `it lies in ${folder}; this may be another template of the same name`,
    next: `give it another name, or, when it has moved: changeover template commit ${other} --moved`,
  });
