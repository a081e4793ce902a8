/** `changeover template list|show|commit|diff|check`: server templates, their revisions, what differs, whether they fit. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { Problem } from "../../model/problem.ts";
import type { TemplateDifferences } from "../../model/template/differences.ts";
import { MANIFEST } from "../../model/template/manifest.ts";
import { readNamed, sayTemplate } from "../../model/template/reference.ts";
import type { Committed } from "../../run/template-library.ts";
import {
  type CheckView,
  drawCheck,
  drawDifferences,
  drawTemplate,
  drawTemplates,
  type TemplateSummary,
  type TemplateView,
} from "../../view/templates.ts";
import { type AddCommand, JSON_OPTION, type JsonOption, whoAsks } from "../command.ts";
import { ensureControlPlane } from "../control-plane-process.ts";
import { findHome } from "../home.ts";
import { EXIT, printJson } from "../output.ts";

type Ends = (code: number) => void;
const WHICH = "a template's name, or a folder that holds a template.yaml";

export const template: AddCommand = (program, ends) => {
  const group = program
    .command("template")
    .description("server templates: what new servers are made of, and the scripts that they live by")
    .showHelpAfterError("(see: changeover template --help)");
  addList(group);
  addShow(group);
  addCommit(group);
  addDiff(group);
  addCheck(group, ends);
};

function addList(group: Command): void {
  group
    .command("list", { isDefault: true })
    .description("every template, its newest revision, and whether its head is committed")
    .option(...JSON_OPTION)
    .action(async (options: JsonOption) => {
      const client = await ensureControlPlane(findHome());
      const all = await client.get<TemplateSummary[]>("/templates");
      if (options.json) printJson(all);
      else console.log(drawTemplates(all).join("\n"));
    });
}

function addShow(group: Command): void {
  group
    .command("show")
    .description("one template: its scripts, its revisions, and which servers run with them")
    .argument("<template>", "NAME for its head, NAME@REVISION for a revision")
    .option(...JSON_OPTION)
    .action(async (named: string, options: JsonOption) => {
      const client = await ensureControlPlane(findHome());
      const view = await client.get<TemplateView>(`/templates/${encodeURIComponent(named)}`);
      if (options.json) printJson(view);
      else console.log(drawTemplate(view).join("\n"));
    });
}

interface CommitOptions extends JsonOption {
  message: string;
  moved?: boolean;
}

function addCommit(group: Command): void {
  group
    .command("commit")
    .description("make a revision of what lies in the folder now; it never changes again")
    .argument("<path>", WHICH)
    .requiredOption("-m, --message <text>", "what changed")
    .option("--moved", "the template lies in this folder from now on")
    .option(...JSON_OPTION)
    .action(async (which: string, { message, moved = false, json }: CommitOptions) => {
      const client = await ensureControlPlane(findHome());
      const body = { of: ofWhich(which), message, by: whoAsks(), moved };
      const done = await client.send<Committed>("POST", "/templates/revisions", body);
      if (json) return printJson(done);
      const name = sayTemplate({ name: done.template, revision: done.revision });
      const what = done.made ? `Committed ${name}` : `Nothing changed: this is ${name}`;
      console.log(
        `${what} (${done.files} files, content ${done.hash}). Environment files name it as template: ${name}.`,
      );
    });
}

function addDiff(group: Command): void {
  group
    .command("diff")
    .description("what differs between two revisions, or a revision and the head: in words, then file by file")
    .argument("<template>")
    .argument("<from>", "a revision's number, or head")
    .argument("[to]", "a revision's number, or head", "head")
    .option(...JSON_OPTION)
    .action(async (name: string, from: string, to: string, options: JsonOption) => {
      const client = await ensureControlPlane(findHome());
      const path = `/templates/${encodeURIComponent(name)}/differences?${new URLSearchParams({ from, to })}`;
      const seen = await client.get<TemplateDifferences>(path);
      if (options.json) printJson(seen);
      else console.log(drawDifferences(seen).join("\n"));
    });
}

interface CheckOptions extends JsonOption {
  environment?: string;
  image?: string;
  size?: string;
}

function addCheck(group: Command, ends: Ends): void {
  group
    .command("check")
    .description("whether a template is whole, and whether image, size, architecture and scripts go together")
    .argument("<path>", `${WHICH}; NAME@REVISION for a revision`)
    .option("--environment <environment>", "whose provider it must fit")
    .option("--image <image>", "what the template prefers when left out")
    .option("--size <size>", "what the template prefers when left out")
    .option(...JSON_OPTION)
    .action(async (which: string, { environment, image, size, json }: CheckOptions) => {
      const client = await ensureControlPlane(findHome());
      const revision = isFolder(which) ? null : (readNamed(which)?.revision ?? null);
      const wish = { environment: environment ?? null, image: image ?? null, size: size ?? null };
      const seen = await client.send<CheckView>("POST", "/templates/checks", { of: ofWhich(which), revision, ...wish });
      if (json) printJson(seen);
      else console.log(drawCheck(seen).join("\n"));
      ends(seen.fit && seen.fit.contradictions.length > 0 ? EXIT.refused : EXIT.done);
    });
}

/** What has a slash, or is a template's folder here, is no name. */
const isFolder = (which: string): boolean =>
  which.includes("/") || readNamed(which) === null || existsSync(join(which, MANIFEST));

function ofWhich(which: string): { name: string } | { folder: string } {
  const named = isFolder(which) ? null : readNamed(which);
  if (named) return { name: named.name };
  const folder = resolve(which);
  if (existsSync(folder)) return { folder };
  throw new Problem("bad-input", {
    what: `there is no template "${which}"`,
    why: `it is no name of a template, and there is no folder ${folder}`,
    next: "changeover template list",
  });
}
