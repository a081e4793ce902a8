/** The resource "activity", and what writes it down: each request that changes something, with who asked and how it ended. */
import { Hono, type MiddlewareHandler } from "hono";
import { z } from "zod";
import { type Activity, type ActivityFilter, BY } from "../model/activity.ts";
import { asProblem, Problem } from "../model/problem.ts";
import { groupSentences } from "./group-sentences.ts";

export interface ActivityBook {
  record(done: Omit<Activity, "at">): Promise<void>;
  read(filter: ActivityFilter): Promise<Activity[]>;
}

export interface Sentence {
  method: string;
  path: RegExp;
  says(parts: Record<string, string>): string;
}

const INPUT_EDITS: Record<string, string> = {
  unsettings: "unset inputs",
  drops: "drop overrides of inputs",
  promotions: "make overrides of inputs the environment's own",
  reverts: "take edits of inputs back",
};

const sentences: Sentence[] = [
  { method: "PUT", path: /^\/environments$/, says: () => "save an environment file and bring it up" },
  {
    method: "DELETE",
    path: /^\/environments\/(?<environment>[^/]+)$/,
    says: ({ environment }) => `take ${environment} down`,
  },
  {
    method: "PUT",
    path: /^\/environments\/(?<environment>[^/]+)\/lock$/,
    says: ({ environment }) => `lock ${environment}`,
  },
  {
    method: "DELETE",
    path: /^\/environments\/(?<environment>[^/]+)\/lock$/,
    says: ({ environment }) => `unlock ${environment}`,
  },
  {
    method: "DELETE",
    path: /^\/environments\/(?<environment>[^/]+)\/locks$/,
    says: ({ environment }) => `unlock ${environment} and all its servers`,
  },
  {
    method: "PUT",
    path: /^\/environments\/(?<environment>[^/]+)\/servers\/(?<server>[^/]+)\/lock$/,
    says: ({ server }) => `lock server "${server}"`,
  },
  {
    method: "DELETE",
    path: /^\/environments\/(?<environment>[^/]+)\/servers\/(?<server>[^/]+)\/lock$/,
    says: ({ server }) => `unlock server "${server}"`,
  },
  {
    method: "POST",
    path: /^\/environments\/(?<environment>[^/]+)\/lockdown$/,
    says: ({ environment }) => `lock down ${environment}`,
  },
  {
    method: "POST",
    path: /^\/upgrades\/(?<upgrade>[^/]+)\/sessions\/cut$/,
    says: () => "retire servers before their sessions have ended",
  },
  {
    method: "PUT",
    path: /^\/environments\/(?<environment>[^/]+)\/credentials\/(?<name>[^/]+)$/,
    says: ({ name }) => `set credential "${name}"`,
  },
  {
    method: "DELETE",
    path: /^\/environments\/(?<environment>[^/]+)\/credentials\/(?<name>[^/]+)$/,
    says: ({ name }) => `remove credential "${name}"`,
  },
  { method: "PUT", path: /^\/environments\/(?<environment>[^/]+)\/inputs$/, says: () => "set inputs" },
  {
    method: "POST",
    path: /^\/environments\/(?<environment>[^/]+)\/inputs\/(?<edit>unsettings|drops|promotions|reverts)$/,
    says: ({ edit = "" }) => INPUT_EDITS[edit] ?? edit,
  },
  {
    method: "POST",
    path: /^\/environments\/(?<environment>[^/]+)\/upgrades$/,
    says: ({ environment }) => `start an upgrade of ${environment}`,
  },
  {
    method: "POST",
    path: /^\/environments\/(?<environment>[^/]+)\/servers$/,
    says: ({ environment }) => `clone a server of ${environment}`,
  },
  {
    method: "DELETE",
    path: /^\/environments\/(?<environment>[^/]+)\/servers\/(?<server>[^/]+)$/,
    says: ({ server }) => `forget the cloned server ${server}`,
  },
  {
    method: "POST",
    path: /^\/environments\/(?<environment>[^/]+)\/servers\/(?<server>[^/]+)\/(changes|explanations)$/,
    says: ({ server }) => `change what server ${server} is launched with`,
  },
  {
    method: "POST",
    path: /^\/environments\/(?<environment>[^/]+)\/servers\/(?<server>[^/]+)\/launches$/,
    says: ({ server }) => `launch server ${server}`,
  },
  {
    method: "POST",
    path: /^\/environments\/(?<environment>[^/]+)\/servers\/(?<server>[^/]+)\/(?<verb>connect|disconnect|relaunch|replace|retire)$/,
    says: ({ verb, server }) => `${verb} server ${server}`,
  },
  {
    method: "POST",
    path: /^\/environments\/(?<environment>[^/]+)\/backups$/,
    says: ({ environment }) => `take a backup of ${environment}`,
  },
  {
    method: "POST",
    path: /^\/environments\/(?<environment>[^/]+)\/backups\/(?<backup>[^/]+)\/verifications$/,
    says: ({ backup }) => `verify backup ${backup}`,
  },
  {
    method: "POST",
    path: /^\/environments\/(?<environment>[^/]+)\/backups\/(?<backup>[^/]+)\/restores$/,
    says: ({ backup }) => `restore backup ${backup}`,
  },
  {
    method: "PUT",
    path: /^\/environments\/(?<environment>[^/]+)\/alerts\/(?<alert>[^/]+)\/quench$/,
    says: ({ alert }) => `quench alert "${alert}"`,
  },
  {
    method: "DELETE",
    path: /^\/environments\/(?<environment>[^/]+)\/alerts\/(?<alert>[^/]+)\/quench$/,
    says: ({ alert }) => `end the quench of alert "${alert}"`,
  },
  {
    method: "POST",
    path: /^\/environments\/(?<environment>[^/]+)\/alerts\/(?<alert>[^/]+)\/tests$/,
    says: ({ alert }) => `prove alert "${alert}" with a synthetic one`,
  },
  {
    method: "POST",
    path: /^\/environments\/(?<environment>[^/]+)\/names\/(?<name>[^/]+)\/moves$/,
    says: ({ name }) => `move ${name}`,
  },
  {
    method: "POST",
    path: /^\/environments\/(?<environment>[^/]+)\/addresses\/(?<address>[^/]+)\/moves$/,
    says: ({ address }) => `move address "${address}"`,
  },
  {
    method: "POST",
    path: /^\/upgrades\/(?<upgrade>[^/]+)\/gates\/(?<gate>[^/]+)$/,
    says: ({ gate }) => `answer gate "${gate}"`,
  },
  {
    method: "POST",
    path: /^\/upgrades\/(?<upgrade>[^/]+)\/gates\/(?<gate>[^/]+)\/fixes$/,
    says: ({ gate }) => `run a hot-fix at gate "${gate}"`,
  },
  {
    method: "POST",
    path: /^\/upgrades\/(?<upgrade>[^/]+)\/(?<verb>pause|resume|abort|rollback)$/,
    says: ({ verb = "" }) => verb,
  },
  {
    method: "POST",
    path: /^\/environments\/(?<environment>[^/]+)\/rehearsals$/,
    says: ({ environment }) => `rehearse an upgrade of ${environment}`,
  },
  ...groupSentences,
  { method: "POST", path: /^\/templates\/revisions$/, says: () => "commit a server template" },
  {
    method: "POST",
    path: /^\/environments\/(?<environment>[^/]+)\/scripts\/(?<script>[^/]+)\/runs$/,
    says: ({ environment, script = "" }) => `run ${decodeURIComponent(script)} in ${environment}`,
  },
  {
    method: "POST",
    path: /^\/environments\/(?<environment>[^/]+)\/servers\/(?<server>[^/]+)\/operational$/,
    says: ({ server }) => `say that ${server} is operational`,
  },
  {
    method: "POST",
    path: /^\/environments\/(?<environment>[^/]+)\/clones$/,
    says: ({ environment }) => `clone ${environment}: a file for another environment`,
  },
  { method: "POST", path: /^\/rehearsals\/[^/]+\/cancel$/, says: () => "cancel a rehearsal" },
  { method: "POST", path: /^\/shutdown$/, says: () => "end the control plane" },
];

/** Plans, checks and ledgers change nothing that anybody would look for. */
const SILENT = /\/(plans|checks|ledger)$/;

export function writeDown(book: ActivityBook): MiddlewareHandler {
  return async (context, next) => {
    const { method, path } = context.req;
    if (method === "GET" || SILENT.test(path)) return next();
    await next();
    const found = sentences.map((one) => ({ one, match: one.method === method ? one.path.exec(path) : null }));
    const { one, match } = found.find(({ match: hit }) => hit !== null) ?? {};
    const parts = match?.groups ?? {};
    await book.record({
      by: context.req.header(BY) ?? "somebody",
      environment: parts.environment ?? /^\/environments\/([^/]+)/.exec(path)?.[1] ?? null,
      upgrade: parts.upgrade ?? null,
      says: one?.says(parts) ?? `${method.toLowerCase()} ${path.slice(1)}`,
      problem: context.error ? asProblem(context.error).text.why : null,
    });
  };
}

const query = z.strictObject({
  environment: z.string().optional(),
  upgrade: z.string().optional(),
  by: z.string().optional(),
  since: z.coerce.number().optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(50),
});

export function activityRoutes(book: ActivityBook): Hono {
  const routes = new Hono();
  routes.get("/", async (context) => {
    const asked = query.safeParse(context.req.query());
    if (asked.success) return context.json(await book.read(asked.data));
    throw new Problem("bad-input", {
      what: "the activity can't be filtered like this",
      why: z.prettifyError(asked.error),
      next: "see src/api/activity.ts",
    });
  });
  return routes;
}
