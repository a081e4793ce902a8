/** The resource "addresses" of an environment: see who holds its floating addresses, see what a move would do, move one. */
import { Hono } from "hono";
import { z } from "zod";
import type { ControlPlane } from "../run/control-plane.ts";
import { parseBody } from "./body.ts";

const server = z.string().max(100);
const planMoveBody = z.strictObject({ to: server });
const moveBody = z.strictObject({ to: server, by: z.string() });

/** Below `/environments/:name/addresses`. */
export function addressRoutes({ addresses }: ControlPlane): Hono {
  const routes = new Hono();
  routes.get("/:name/addresses", async (context) => context.json(await addresses.list(context.req.param("name"))));
  routes.get("/:name/addresses/:address", async (context) => {
    const { name, address } = context.req.param();
    return context.json(await addresses.show(name, address));
  });
  routes.post("/:name/addresses/:address/plans", async (context) => {
    const { name, address } = context.req.param();
    const { to } = await parseBody(context.req, planMoveBody);
    return context.json(await addresses.planMove(name, address, to));
  });
  routes.post("/:name/addresses/:address/moves", async (context) => {
    const { name: environment, address } = context.req.param();
    const asked = await parseBody(context.req, moveBody);
    return context.json({ environment, upgrade: await addresses.move(environment, address, asked) });
  });
  return routes;
}
