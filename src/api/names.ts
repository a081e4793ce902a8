/** The resource "names" of an environment: where they lead, what moving one would do, and doing it. */
import { Hono } from "hono";
import { z } from "zod";
import type { ControlPlane } from "../run/control-plane.ts";
import { parseBody } from "./body.ts";

const wish = z.strictObject({
  /** Servers of the environment, or addresses; empty takes the name away; null leaves it where it is. */
  to: z.array(z.string().max(100)).max(20).nullable(),
  from: z.array(z.string().max(100)).max(20).nullable().default(null),
  ttlSeconds: z.int().min(1).max(86_400).nullable().default(null),
  wait: z.boolean().default(true),
});
const move = wish.extend({ by: z.string() });

/** Below `/environments/:environment/names`. */
export function nameRoutes({ names }: ControlPlane): Hono {
  const routes = new Hono();
  routes.get("/:environment/names", async (context) =>
    context.json(await names.list(context.req.param("environment"), { prove: context.req.query("prove") === "yes" })),
  );
  routes.post("/:environment/names/:name/plans", async (context) => {
    const { environment, name } = context.req.param();
    return context.json(await names.plan(environment, { name, ...(await parseBody(context.req, wish)) }));
  });
  routes.post("/:environment/names/:name/moves", async (context) => {
    const { environment, name } = context.req.param();
    const { by, ...asked } = await parseBody(context.req, move);
    return context.json({ environment, upgrade: await names.move(environment, { name, ...asked }, by) });
  });
  return routes;
}
