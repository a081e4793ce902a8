/** The resource "backups" of an environment: list them, take one, verify one, see what a restore gives up, restore one. */
import { Hono } from "hono";
import type { ControlPlane } from "../run/control-plane.ts";
import { parseBody } from "./body.ts";
import { byBody, planRestoreBody, restoreBody } from "./contract.ts";

/** Below `/environments/:name/backups`. */
export function backupRoutes({ backups }: ControlPlane): Hono {
  const routes = new Hono();
  routes.get("/:name/backups", async (context) => context.json(await backups.list(context.req.param("name"))));
  routes.post("/:name/backups", async (context) => {
    const environment = context.req.param("name");
    const { by } = await parseBody(context.req, byBody);
    return context.json({ environment, upgrade: await backups.take(environment, { by, scheduled: false }) });
  });
  routes.post("/:name/backups/:id/verifications", async (context) => {
    const { name: environment, id } = context.req.param();
    const { by } = await parseBody(context.req, byBody);
    return context.json({ environment, upgrade: await backups.verify(environment, id, by) });
  });
  routes.post("/:name/backups/:id/plans", async (context) => {
    const { name: environment, id } = context.req.param();
    const asked = await parseBody(context.req, planRestoreBody);
    return context.json(await backups.planRestore(environment, id, asked?.otherLineage ?? false));
  });
  routes.post("/:name/backups/:id/restores", async (context) => {
    const { name: environment, id } = context.req.param();
    const asked = await parseBody(context.req, restoreBody);
    return context.json({ environment, upgrade: await backups.restore(environment, id, asked) });
  });
  return routes;
}
