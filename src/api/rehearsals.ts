/** The resource "rehearsals": look at one, end one early. */
import { Hono } from "hono";
import type { ControlPlane } from "../run/control-plane.ts";
import { parseBody } from "./body.ts";
import { cancelBody } from "./contract.ts";

export function rehearsalRoutes({ rehearsals }: ControlPlane): Hono {
  const routes = new Hono();
  routes.get("/:id", async (context) => context.json(await rehearsals.find(context.req.param("id"))));
  routes.post("/:id/cancel", async (context) => {
    const { by } = await parseBody(context.req, cancelBody);
    await rehearsals.cancel(context.req.param("id"), by);
    return context.json({});
  });
  return routes;
}
