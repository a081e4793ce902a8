/** The resource "upgrades": look at one, follow its views as server-sent events, answer its gates, take it back. */
import { setTimeout as sleep } from "node:timers/promises";
import { Hono } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import type { LedgerSummary } from "../model/report.ts";
import type { ControlPlane } from "../run/control-plane.ts";
import { parseBody } from "./body.ts";
import { abortBody, answerBody, fixBody, lockBody, pauseBody, resumeBody, rollbackBody } from "./contract.ts";

const ENDED = ["upgraded", "rolled-back", "stuck"];
const HEARTBEAT_MS = 1_000;
/** Nobody reads faster; what changes meanwhile is seen at once. */
const PAUSE_MS = 100;

export function upgradeRoutes(controlPlane: ControlPlane, changed: (ms: number) => Promise<void>): Hono {
  const { engine } = controlPlane;
  const routes = new Hono();
  routes.get("/:id", async (context) => context.json(await controlPlane.upgrade(context.req.param("id"))));
  routes.get("/:id/report", async (context) => context.json(await controlPlane.report(context.req.param("id"))));
  routes.get("/:id/loss", async (context) => context.json(await controlPlane.loss(context.req.param("id"))));
  routes.put("/:id/ledger", async (context) => {
    await controlPlane.saveLedger(context.req.param("id"), (await context.req.json()) as LedgerSummary);
    return context.json({});
  });
  routes.post("/:id/gates/:gate", async (context) => {
    const { id, gate } = context.req.param();
    const { answer, by, planHash } = await parseBody(context.req, answerBody);
    await engine[answer](id, gate, by, planHash);
    return context.json({});
  });
  routes.post("/:id/rollback", async (context) => {
    await controlPlane.rollback(context.req.param("id"), await parseBody(context.req, rollbackBody));
    return context.json({});
  });
  routes.post("/:id/gates/:gate/fixes", async (context) => {
    const { id: upgrade, gate } = context.req.param();
    const body = await parseBody(context.req, fixBody);
    return context.json({ number: await engine.fix({ upgrade, gate, ...body }) });
  });
  routes.post("/:id/pause", async (context) => {
    const { by } = await parseBody(context.req, pauseBody);
    await engine.pause(context.req.param("id"), by);
    return context.json({});
  });
  routes.post("/:id/abort", async (context) => {
    const { by, reason } = await parseBody(context.req, abortBody);
    await engine.abort(context.req.param("id"), by, reason);
    return context.json({});
  });
  routes.post("/:id/sessions/cut", async (context) => {
    const { by, reason } = await parseBody(context.req, lockBody);
    await engine.cutSessions(context.req.param("id"), by, reason);
    return context.json({});
  });
  routes.post("/:id/resume", async (context) => {
    const { by } = await parseBody(context.req, resumeBody);
    await engine.resume(context.req.param("id"), by);
    return context.json({});
  });
  routes.get("/:id/views", async (context) => {
    const id = context.req.param("id");
    // Asked before the stream begins, so that an unknown id is a problem and not an empty stream.
    await controlPlane.upgrade(id);
    return streamSSE(context, (stream) => streamViews(stream, controlPlane, id, changed));
  });
  return routes;
}

async function streamViews(
  stream: SSEStreamingApi,
  controlPlane: ControlPlane,
  id: string,
  changed: (ms: number) => Promise<void>,
): Promise<void> {
  let sent = "";
  while (!stream.aborted) {
    // Before the look, so that no change slips in between.
    const next = changed(HEARTBEAT_MS);
    const view = await controlPlane.upgrade(id);
    const data = JSON.stringify(view);
    await stream.writeSSE(data === sent ? { event: "heartbeat", data: "" } : { event: "view", data });
    sent = data;
    if (ENDED.includes(view.state)) return;
    await next;
    await sleep(PAUSE_MS);
  }
}
