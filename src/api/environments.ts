/** The resource "environments": bring up, look at, plan for, upgrade, take down; and what ledger clients need to know. */
import { Hono } from "hono";
import type { ControlPlane } from "../run/control-plane.ts";
import { parseBody } from "./body.ts";
import { planBody, rehearseBody, saveEnvironmentBody, startBody } from "./contract.ts";

export function environmentRoutes(controlPlane: ControlPlane): Hono {
  const { environments } = controlPlane;
  const routes = new Hono();
  routes.put("/", async (context) =>
    context.json(await controlPlane.bringUp(await parseBody(context.req, saveEnvironmentBody))),
  );
  routes.get("/", async (context) => context.json(await controlPlane.summaries()));
  routes.get("/:name", async (context) => {
    const name = context.req.param("name");
    const { definitionPath } = await environments.find(name);
    const [inventory, upgrade] = [await environments.inventory(name), await controlPlane.latest(name)];
    return context.json({ environment: name, definitionPath, inventory, upgrade });
  });
  routes.get("/:name/upgrade", async (context) => {
    const { name } = await environments.find(context.req.param("name"));
    return context.json(await controlPlane.latest(name));
  });
  routes.delete("/:name", async (context) =>
    context.json({ retired: await controlPlane.takeDown(context.req.param("name")) }),
  );
  routes.post("/:name/plans", async (context) => {
    const { to, failAt } = await parseBody(context.req, planBody);
    return context.json(await controlPlane.plan(context.req.param("name"), to, failAt));
  });
  routes.post("/:name/upgrades", async (context) => {
    const environment = context.req.param("name");
    const upgrade = await controlPlane.start(environment, await parseBody(context.req, startBody));
    return context.json({ environment, upgrade });
  });
  routes.post("/:name/rehearsals", async (context) => {
    const environment = context.req.param("name");
    const wish = await parseBody(context.req, rehearseBody);
    return context.json({ environment, rehearsal: await controlPlane.rehearsals.start(environment, wish) });
  });
  routes.get("/:name/rehearsal", async (context) => {
    const { name } = await environments.find(context.req.param("name"));
    return context.json(await controlPlane.rehearsals.latest(name));
  });
  routes.get("/:name/ledger", async (context) =>
    context.json(await controlPlane.ledgerTask(context.req.param("name"))),
  );
  routes.get("/:name/ledger/keys", async (context) =>
    context.json(await environments.ledgerKeys(context.req.param("name"))),
  );
  return routes;
}
