/** The resource "alerts" of an environment: list them, look at one, quench one for a while, prove one with a synthetic alert. */
import { Hono } from "hono";
import { z } from "zod";
import { actionKinds } from "../model/alerts/action.ts";
import type { AlertDesk } from "../run/alerts.ts";
import { parseBody } from "./body.ts";

const DAY_SECONDS = 86_400;

const quenchBody = z.strictObject({
  by: z.string(),
  reason: z.string().max(200),
  seconds: z
    .number()
    .min(1)
    .max(31 * DAY_SECONDS),
});
const testBody = z.strictObject({
  only: z.array(z.enum(actionKinds)).min(1).nullable(),
  escalate: z.boolean(),
  target: z.string().nullable(),
});

/** Below `/environments/:name/alerts`. */
export function alertRoutes(desk: AlertDesk): Hono {
  const routes = new Hono();
  routes.get("/:name/alerts", async (context) => context.json(await desk.list(context.req.param("name"))));
  routes.get("/:name/alerts/:alert", async (context) => {
    const { name, alert } = context.req.param();
    return context.json(await desk.show(name, alert));
  });
  routes.put("/:name/alerts/:alert/quench", async (context) => {
    const { name: environment, alert } = context.req.param();
    const asked = await parseBody(context.req, quenchBody);
    return context.json({ environment, ...(await desk.quench(environment, alert, asked)) });
  });
  routes.delete("/:name/alerts/:alert/quench", async (context) => {
    const { name: environment, alert } = context.req.param();
    await desk.unquench(environment, alert);
    return context.json({ environment, alert, quenched: false });
  });
  routes.post("/:name/alerts/:alert/tests", async (context) => {
    const { name, alert } = context.req.param();
    return context.json(await desk.test(name, alert, await parseBody(context.req, testBody)));
  });
  return routes;
}
