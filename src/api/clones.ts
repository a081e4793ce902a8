/** The resource "clones" of an environment: compose the file of one that stays, and copy what the store holds beside it. */
import { Hono } from "hono";
import type { ControlPlane } from "../run/control-plane.ts";
import { parseBody } from "./body.ts";
import { carryBody, cloneBody } from "./contract.ts";

/** Below `/environments/:name/clones`. Who asks writes the file: it is theirs. */
export function cloneRoutes({ clones }: ControlPlane): Hono {
  const routes = new Hono();
  routes.post("/:name/clones/plans", async (context) => {
    const wish = await parseBody(context.req, cloneBody);
    return context.json(await clones.compose({ ...wish, origin: context.req.param("name") }));
  });
  routes.post("/:name/clones", async (context) => {
    const { name, by } = await parseBody(context.req, carryBody);
    return context.json(await clones.carry(context.req.param("name"), name, by));
  });
  return routes;
}
