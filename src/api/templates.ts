/** The resource "templates": the library of server templates, their revisions, what differs between two, whether one fits. */
import { isAbsolute } from "node:path";
import { Hono } from "hono";
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { catalogueName, templateName } from "../model/template/manifest.ts";
import { readNamed } from "../model/template/reference.ts";
import type { ControlPlane } from "../run/control-plane.ts";
import { parseBody } from "./body.ts";

const of = z.union([
  z.strictObject({ name: templateName }),
  /** On the control plane's machine. */
  z.strictObject({ folder: z.string().refine(isAbsolute, "must be an absolute path") }),
]);

const commitBody = z.strictObject({
  of,
  message: z.string().trim().min(1, "must say what changed").max(2_000),
  by: z.string(),
  moved: z.boolean().default(false),
});

const checkBody = z.strictObject({
  of,
  revision: z.int().min(1).nullable().default(null),
  environment: z.string().nullable().default(null),
  image: catalogueName.nullable().default(null),
  size: catalogueName.nullable().default(null),
});

export function templateRoutes({ templates }: ControlPlane): Hono {
  const routes = new Hono();
  routes.get("/", async (context) => context.json(await templates.list()));
  routes.post("/revisions", async (context) =>
    context.json(await templates.commit(await parseBody(context.req, commitBody))),
  );
  routes.post("/checks", async (context) =>
    context.json(await templates.check(await parseBody(context.req, checkBody))),
  );
  /** `app` is the head, `app@3` a revision. */
  routes.get("/:named", async (context) => {
    const { name, revision } = mustRead(context.req.param("named"));
    return context.json(await templates.show(name, revision));
  });
  routes.get("/:name/differences", async (context) => {
    const { from = "", to = "" } = context.req.query();
    return context.json(await templates.diff(mustRead(context.req.param("name")).name, from, to));
  });
  return routes;
}

function mustRead(text: string) {
  const named = readNamed(text);
  if (named) return named;
  throw new Problem("bad-input", {
    what: `"${text}" is no name of a template`,
    why: "it must be NAME, or NAME@REVISION such as app@3",
    next: "changeover template list",
  });
}
