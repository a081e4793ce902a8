/** The resource "locks": of an environment, of a server, all of them; and the lock down, asked for and applied. */
import { Hono } from "hono";
import type { ControlPlane } from "../run/control-plane.ts";
import { parseBody } from "./body.ts";
import { lockBody } from "./contract.ts";

/** Below `/environments`. */
export function lockRoutes({ locks, lockdown }: ControlPlane): Hono {
  const routes = new Hono();
  routes.get("/:name/locks", async (context) => context.json(await locks.list(context.req.param("name"))));
  routes.delete("/:name/locks", async (context) => context.json(await locks.unlockAll(context.req.param("name"))));
  routes.put("/:name/lock", async (context) => {
    const asked = await parseBody(context.req, lockBody);
    return context.json(await locks.lock(context.req.param("name"), null, asked));
  });
  routes.delete("/:name/lock", async (context) => context.json(await locks.unlock(context.req.param("name"), null)));
  routes.put("/:name/servers/:server/lock", async (context) => {
    const { name, server } = context.req.param();
    return context.json(await locks.lock(name, server, await parseBody(context.req, lockBody)));
  });
  routes.delete("/:name/servers/:server/lock", async (context) => {
    const { name, server } = context.req.param();
    return context.json(await locks.unlock(name, server));
  });
  routes.get("/:name/lockdown", async (context) => context.json(await lockdown.look(context.req.param("name"))));
  routes.post("/:name/lockdown", async (context) => {
    const asked = await parseBody(context.req, lockBody);
    return context.json(await lockdown.apply(context.req.param("name"), asked));
  });
  return routes;
}
