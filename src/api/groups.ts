/** The resource "groups" of an environment: see them, enable and disable them, launch, terminate, bound, vote, delete. */
import { Hono } from "hono";
import { z } from "zod";
import { MOST_SERVERS } from "../model/group/settings.ts";
import { Problem } from "../model/problem.ts";
import type { ControlPlane } from "../run/control-plane.ts";
import { parseBody } from "./body.ts";

const by = z.string().min(1).max(100);
const many = z.int().min(1).max(MOST_SERVERS);
const bound = z.int().min(0).max(MOST_SERVERS).nullable().optional();
const reasonBody = z.strictObject({ by, reason: z.string().max(200).default("") });
const boundsBody = z.strictObject({ min: bound, max: bound });
const launchBody = z.strictObject({ servers: many, by });
const terminateBody = z.strictObject({ servers: z.union([many, z.array(z.string()).min(1)]), by });
const voteBody = z.strictObject({ vote: z.enum(["grow", "shrink", "none"]) });

/** Characters in the name of who votes. */
const VOTER = 200;

const tooLong = (voter: string): Problem =>
  new Problem("bad-input", {
    what: "nobody with so long a name can vote",
    why: `it has ${voter.length} characters, ${VOTER} are allowed`,
    next: "changeover group vote --help",
  });

/** Below `/environments/:name/groups`. */
export function groupRoutes({ groups }: ControlPlane): Hono {
  const routes = new Hono();
  const at = "/:environment/groups/:group";
  routes.get("/:environment/groups", async (context) =>
    context.json(await groups.list(context.req.param("environment"))),
  );
  routes.get(at, async (context) => context.json(await groups.show(context.req.param())));
  for (const [verb, enabled] of [["enable", true] as const, ["disable", false] as const]) {
    routes.post(`${at}/${verb}`, async (context) => {
      const said = await parseBody(context.req, reasonBody);
      return context.json(await groups.setEnabled(context.req.param(), { ...said, enabled }));
    });
  }
  routes.put(`${at}/bounds`, async (context) =>
    context.json(await groups.setBounds(context.req.param(), await parseBody(context.req, boundsBody))),
  );
  routes.post(`${at}/launches`, async (context) => {
    const of = context.req.param();
    const upgrade = await groups.launch(of, await parseBody(context.req, launchBody));
    return context.json({ environment: of.environment, upgrade });
  });
  routes.post(`${at}/terminations`, async (context) => {
    const of = context.req.param();
    const upgrade = await groups.terminate(of, await parseBody(context.req, terminateBody));
    return context.json({ environment: of.environment, upgrade });
  });
  routes.put(`${at}/votes/:voter`, async (context) => {
    const { voter, ...of } = context.req.param();
    const { vote } = await parseBody(context.req, voteBody);
    if (voter.length > VOTER) throw tooLong(voter);
    return context.json(await groups.vote(of, voter, vote === "none" ? null : vote));
  });
  routes.delete(at, async (context) => {
    const of = context.req.param();
    await groups.delete(of);
    return context.json({ ...of, deleted: true });
  });
  return routes;
}
