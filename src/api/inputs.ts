/** The resource "inputs" of an environment: values, cross-reference, differences, history; set, unset, drop, promote, revert. */
import { Hono } from "hono";
import { z } from "zod";
import { inputName, inputValueSchema, serverName } from "../model/inputs/value.ts";
import { placeSchema } from "../model/inputs/set.ts";
import { Problem } from "../model/problem.ts";
import type { InputDesk } from "../run/inputs.ts";
import { parseBody } from "./body.ts";

const MOST = 200;
const asking = { by: z.string(), why: z.string().max(200).default("") };
const names = z.array(inputName).min(1).max(MOST);

const setBody = z.strictObject({
  ...asking,
  place: placeSchema,
  values: z
    .record(inputName, inputValueSchema)
    .refine((values) => Object.keys(values).length > 0, "must name an input")
    .refine((values) => Object.keys(values).length <= MOST, `must be ${MOST} inputs at most`),
  /** How long it is lent to a server or a group. */
  hours: z.number().positive().nullable().default(null),
});
const unsetBody = z.strictObject({ ...asking, names });
const chosenBody = z.strictObject({
  ...asking,
  /** Null: every server and group. */
  place: placeSchema.nullable().default(null),
  /** Null: all of them. */
  names: names.nullable().default(null),
});
const revertBody = z.strictObject({ ...asking, number: z.int().positive() });

const diffQuery = z.union([
  z.strictObject({ since: z.coerce.number().int().positive() }),
  z.strictObject({ left: serverName, right: serverName }),
  z.strictObject({}),
]);

/** Below `/environments/:name/inputs`. */
export function inputRoutes(desk: InputDesk): Hono {
  const routes = new Hono();
  routes.get("/:name/inputs", async (context) => context.json(await desk.list(context.req.param("name"))));
  routes.put("/:name/inputs", async (context) =>
    context.json(await desk.set(context.req.param("name"), await parseBody(context.req, setBody))),
  );
  routes.post("/:name/inputs/unsettings", async (context) =>
    context.json(await desk.unset(context.req.param("name"), await parseBody(context.req, unsetBody))),
  );
  routes.post("/:name/inputs/drops", async (context) =>
    context.json(await desk.drop(context.req.param("name"), await parseBody(context.req, chosenBody))),
  );
  routes.post("/:name/inputs/promotions", async (context) =>
    context.json(await desk.promote(context.req.param("name"), await parseBody(context.req, chosenBody))),
  );
  routes.post("/:name/inputs/reverts", async (context) =>
    context.json(await desk.revert(context.req.param("name"), await parseBody(context.req, revertBody))),
  );
  addLooks(routes, desk);
  return routes;
}

function addLooks(routes: Hono, desk: InputDesk): void {
  routes.get("/:name/inputs/history", async (context) => context.json(await desk.history(context.req.param("name"))));
  routes.get("/:name/inputs/cross-reference", async (context) => {
    const server = context.req.query("server") ?? null;
    return context.json(await desk.crossReference(context.req.param("name"), { server }));
  });
  routes.get("/:name/inputs/differences", async (context) => {
    const environment = context.req.param("name");
    const { since, left, right } = readQuery(context.req.query());
    if (since !== undefined) return context.json(await desk.diff(environment, { kind: "since", number: since }));
    if (left !== undefined && right !== undefined)
      return context.json(await desk.diff(environment, { kind: "servers", left, right }));
    return context.json(await desk.diff(environment, { kind: "pending" }));
  });
}

function readQuery(query: Record<string, string>): { since?: number; left?: string; right?: string } {
  const read = diffQuery.safeParse(query);
  if (read.success) return read.data;
  throw new Problem("bad-input", {
    what: "inputs can't be compared like this",
    why: "it takes since=NUMBER, or left=SERVER and right=SERVER, or nothing",
    next: "changeover inputs diff --help",
  });
}
