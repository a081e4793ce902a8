/** The resource "scripts" of an environment: which there are on which servers, run one, say that a server is mended. */
import { Hono } from "hono";
import { z } from "zod";
import { launchValues } from "../model/template/launch-shape.ts";
import type { ControlPlane } from "../run/control-plane.ts";
import { parseBody } from "./body.ts";
import { byBody } from "./contract.ts";

const wish = z.strictObject({
  selection: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("named"), servers: z.array(z.string()).min(1) }),
    z.strictObject({ kind: z.literal("all") }),
    z.strictObject({ kind: z.literal("oldest-then-rest"), ask: z.boolean().default(false) }),
  ]),
  /** For this run only. */
  given: launchValues.default({}),
});

const runBody = wish.extend({ by: z.string(), yes: z.boolean() });

/** Below `/environments/:name`. */
export function scriptRoutes({ scripts }: ControlPlane): Hono {
  const routes = new Hono();
  routes.get("/:name/scripts", async (context) => context.json(await scripts.list(context.req.param("name"))));
  routes.post("/:name/scripts/:script/runs", async (context) => {
    const { name: environment, script } = context.req.param();
    const asked = await parseBody(context.req, runBody);
    return context.json({ environment, ...(await scripts.run(environment, { script, ...asked, dryRun: false })) });
  });
  routes.post("/:name/scripts/:script/plans", async (context) => {
    const { name: environment, script } = context.req.param();
    const asked = { ...(await parseBody(context.req, wish)), by: "", yes: false, dryRun: true };
    return context.json({ environment, ...(await scripts.run(environment, { script, ...asked })) });
  });
  routes.post("/:name/servers/:server/operational", async (context) => {
    const { name: environment, server } = context.req.param();
    const { by } = await parseBody(context.req, byBody);
    return context.json({ environment, upgrade: await scripts.force(environment, server, by) });
  });
  return routes;
}
