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
    const [inventory, upgrade, { locks }, backups, alerts] = await Promise.all([
      environments.inventory(name),
      controlPlane.latest(name),
      controlPlane.locks.list(name),
      controlPlane.backups.list(name),
      controlPlane.alerts.list(name),
    ]);
    const lock = locks.find(({ server }) => server === null) ?? null;
    const groups = await controlPlane.groups.list(name, inventory);
    const known = { inventory, upgrade, lock, locks, backups, groups, alerts };
    return context.json({ environment: name, definitionPath, ...known });
  });
  routes.get("/:name/drift", async (context) => context.json(await environments.drift(context.req.param("name"))));
  routes.get("/:name/upgrade", async (context) => {
    const { name } = await environments.find(context.req.param("name"));
    return context.json(await controlPlane.latest(name));
  });
  routes.delete("/:name", async (context) => context.json(await controlPlane.takeDown(context.req.param("name"))));
  routes.post("/:name/plans", async (context) => {
    const { at, ...wish } = await parseBody(context.req, planBody);
    // One spelling of a time, so that the same time gives the same plan.
    const begins = at === null ? null : new Date(at).toISOString();
    return context.json(await controlPlane.plan(context.req.param("name"), { ...wish, at: begins, rehearsal: false }));
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
