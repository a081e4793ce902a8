/** The resource "servers" of an environment: list them, clone and change one, and what is done with one as a run of its own. */
import { Hono } from "hono";
import { z } from "zod";
import { inputName } from "../model/inputs/value.ts";
import { changeKey } from "../model/server/definition.ts";
import { serverActs, type Servers } from "../run/servers.ts";
import { parseBody } from "./body.ts";
import { byBody } from "./contract.ts";

const serverName = z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, "must be lower case letters, digits and dashes");
const cloneBody = z.strictObject({ source: z.string(), name: serverName.nullable().default(null), by: z.string() });
const changeBody = z.strictObject({ key: changeKey, value: z.string().max(32_000), by: z.string() });
const explainBody = z.strictObject({ fact: z.string().min(1).max(200), why: z.string().min(1).max(200) });
const launchBody = z.strictObject({
  by: z.string(),
  oneByOne: z.boolean().default(false),
  /** Inputs, each as it is typed. */
  given: z.record(inputName, z.string().max(32_000)).default({}),
  /** They are lent to the server; null: for this launch only. */
  save: z
    .strictObject({ why: z.string().min(1).max(200), hours: z.number().positive().nullable() })
    .nullable()
    .default(null),
});

/** Below `/environments/:name/servers`. */
export function serverRoutes(servers: Servers): Hono {
  const routes = new Hono();
  routes.get("/:name/servers", async (context) => context.json(await servers.list(context.req.param("name"))));
  routes.post("/:name/servers", async (context) => {
    const { source, ...asked } = await parseBody(context.req, cloneBody);
    return context.json(await servers.clone(context.req.param("name"), source, asked));
  });
  routes.delete("/:name/servers/:server", async (context) => {
    const { name, server } = context.req.param();
    await servers.forget(name, server);
    return context.json({ environment: name, forgotten: server });
  });
  routes.post("/:name/servers/:server/changes", async (context) => {
    const { name, server } = context.req.param();
    return context.json(await servers.change(name, server, await parseBody(context.req, changeBody)));
  });
  routes.post("/:name/servers/:server/explanations", async (context) => {
    const { name, server } = context.req.param();
    return context.json(await servers.explain(name, server, await parseBody(context.req, explainBody)));
  });
  routes.post("/:name/servers/:server/launches", async (context) => {
    const { name: environment, server } = context.req.param();
    const asked = await parseBody(context.req, launchBody);
    return context.json({ environment, upgrade: await servers.launch(environment, server, asked) });
  });
  for (const act of serverActs) {
    routes.post(`/:name/servers/:server/${act}`, async (context) => {
      const { name: environment, server } = context.req.param();
      const { by } = await parseBody(context.req, byBody);
      return context.json({ environment, upgrade: await servers.act(environment, server, act, by) });
    });
  }
  return routes;
}
