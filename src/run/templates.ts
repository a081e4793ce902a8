/** What people do with server templates: list them, look at one, commit its head, see what differs, check that it fits. */
import type { EnvironmentDefinition } from "../model/environment.ts";
import { asProblem } from "../model/problem.ts";
import type { Catalogue } from "../model/template/catalogue.ts";
import type { TemplateDifferences } from "../model/template/differences.ts";
import { type FitWish, fitOf } from "../model/template/fit.ts";
import type { Manifest } from "../model/template/manifest.ts";
import { sayTemplate } from "../model/template/reference.ts";
import { seenTemplate } from "../model/template/server-state.ts";
import { ownEnvironments } from "../store/environments.ts";
import type { Store } from "../store/store.ts";
import type { RevisionRow, TemplateRow } from "../store/templates.ts";
import type { CheckView, RevisionView, TemplateSummary, TemplateView, UsedBy } from "../view/templates.ts";
import { viewScript } from "../view/scripts.ts";
import { scriptsOf } from "../model/template/manifest.ts";
import type { Environments } from "./environments.ts";
import { whyUnlaunchable } from "./launches.ts";
import type { Committed, CommitWish, Library } from "./template-library.ts";

export interface TemplateParts {
  store: Store;
  library: Library;
  environments: Environments;
  catalogue(definition: EnvironmentDefinition, definitionPath: string): Promise<Catalogue>;
}

export interface CheckWish extends FitWish {
  of: CommitWish["of"];
  /** Null is the head; only of a registered template. */
  revision: number | null;
  /** Whose provider it must fit; null: only the template itself is looked at. */
  environment: string | null;
}

export interface Templates {
  list(): Promise<TemplateSummary[]>;
  /** A revision's manifest, or the head's. */
  show(name: string, revision: number | null): Promise<TemplateView>;
  commit(wish: CommitWish): Promise<Committed>;
  diff(name: string, from: string, to: string): Promise<TemplateDifferences>;
  check(wish: CheckWish): Promise<CheckView>;
}

export function openTemplates(parts: TemplateParts): Templates {
  const { library } = parts;
  return {
    async list() {
      const all = await library.list();
      return Promise.all(all.map((one) => summarize(library, one)));
    },
    async show(name, revision) {
      const { template, revisions } = await library.revisions(name);
      const { ref, manifest } = await library.find({ name, revision });
      return {
        ...(await summarize(library, { template, revisions })),
        shown: { template: sayTemplate(ref), hash: ref.hash, ...viewManifest(manifest) },
        history: revisions.map(viewRevision),
        usedBy: await usedBy(parts, name),
      };
    },
    commit: (wish) => library.commit(wish),
    diff: (name, from, to) => library.diff(name, from, to),
    check: (wish) => check(parts, wish),
  };
}

const viewRevision = ({ number, hash, message, by, at }: RevisionRow): RevisionView => ({
  ...{ revision: number, hash, message, by, at },
});

const viewManifest = (manifest: Manifest): Pick<TemplateView["shown"], "manifest" | "scripts"> => ({
  manifest,
  scripts: scriptsOf(manifest).map(viewScript),
});

async function summarize(
  library: Library,
  { template: { name, folder }, revisions }: { template: TemplateRow; revisions: RevisionRow[] },
): Promise<TemplateSummary> {
  const newest = revisions[0] ? viewRevision(revisions[0]) : null;
  try {
    const { hash, manifest } = await library.head({ name });
    const same = revisions.find((one) => one.hash === hash)?.number ?? null;
    return { name, folder, description: manifest.description, newest, head: { hash, same, problem: null } };
  } catch (error) {
    const problem = asProblem(error).text.why;
    const description = revisions[0]?.manifest.description ?? "";
    return { name, folder, description, newest, head: { hash: null, same: null, problem } };
  }
}

/** Asked of the servers: an environment that does not answer is told as such. */
async function usedBy({ store, environments }: TemplateParts, name: string): Promise<UsedBy[]> {
  const all = await ownEnvironments(store);
  return Promise.all(
    all.map(async ({ name: environment }) => {
      try {
        const records = await environments.look(environment, (world) => world.provider.list(environment));
        const servers = records.flatMap((record) => {
          const template = seenTemplate(record)?.template ?? "";
          return template.startsWith(`${name}@`) ? [{ server: record.name, template }] : [];
        });
        return { environment, servers, problem: null };
      } catch (error) {
        return { environment, servers: [], problem: asProblem(error).text.why };
      }
    }),
  );
}

async function check({ library, environments, catalogue }: TemplateParts, wish: CheckWish): Promise<CheckView> {
  const { of, revision } = wish;
  const committed = "name" in of && revision !== null ? await library.find({ name: of.name, revision }) : null;
  const head = committed ? null : await library.head(of);
  const manifest = committed?.manifest ?? (head?.manifest as Manifest);
  const hash = committed?.ref.hash ?? head?.hash ?? "";
  const known = (await library.list()).find(({ template }) => template.name === manifest.name);
  const seen = wish.environment === null ? null : await environments.find(wish.environment);
  const found = seen && fitOf(manifest, wish, await catalogue(seen.definition, seen.definitionPath));
  return {
    template: sayTemplate({ name: manifest.name, revision }),
    hash,
    committedAs: known?.revisions.find((one) => one.hash === hash)?.number ?? null,
    scripts: scriptsOf(manifest).map(viewScript),
    unlaunchable: whyUnlaunchable(manifest),
    fit: found && { environment: wish.environment ?? "", ...found },
  };
}
