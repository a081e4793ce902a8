/** The HTTP service: one line per request, its meaning in run/control-plane.ts, its shapes in contract.ts. */
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import type { z } from "zod";
import { Problem } from "../model/problem.ts";
import type { LedgerSummary } from "../model/report.ts";
import type { ControlPlane } from "../run/control-plane.ts";
import {
  answerBody,
  type Health,
  planBody,
  resumeBody,
  rollbackBody,
  saveEnvironmentBody,
  shutdownBody,
  startBody,
} from "./contract.ts";
import { toWire } from "./problems.ts";

export interface ServiceParts {
  controlPlane: ControlPlane;
  health(): Promise<Health>;
  /** Resolves when something was journalled, or after `ms`. */
  changed(ms: number): Promise<void>;
  /** Ends the process, and with it the embedded database; `forget` removes that, too. */
  shutDown(forget: boolean): Promise<void>;
}

const ENDED = ["upgraded", "rolled-back", "stuck"];
const HEARTBEAT_MS = 1_000;

export function createApp({ controlPlane, health, changed, shutDown }: ServiceParts): Hono {
  const app = new Hono();
  app.onError((error, context) => {
    const problem = toWire(error);
    return context.json(problem, problem.status as 500, { "content-type": "application/problem+json" });
  });

  app.get("/health", async (context) => context.json(await health()));

  app.post("/shutdown", async (context) => {
    const { forget } = await body(context.req, shutdownBody);
    // After the answer is out.
    setTimeout(() => void shutDown(forget), 50);
    return context.json({});
  });

  app.put("/environments", async (context) =>
    context.json(await controlPlane.bringUp(await body(context.req, saveEnvironmentBody))),
  );
  app.get("/environments/:name", async (context) => {
    const name = context.req.param("name");
    const { definitionPath } = await controlPlane.environments.find(name);
    const [inventory, upgrade] = [await controlPlane.environments.inventory(name), await controlPlane.latest(name)];
    return context.json({ environment: name, definitionPath, inventory, upgrade });
  });
  app.delete("/environments/:name", async (context) =>
    context.json({ retired: await controlPlane.takeDown(context.req.param("name")) }),
  );
  app.post("/environments/:name/plans", async (context) => {
    const { to, failAt } = await body(context.req, planBody);
    return context.json(await controlPlane.environments.planUpgrade(context.req.param("name"), to, failAt));
  });
  app.post("/environments/:name/upgrades", async (context) => {
    const environment = context.req.param("name");
    return context.json({
      environment,
      upgrade: await controlPlane.start(environment, await body(context.req, startBody)),
    });
  });
  app.get("/environments/:name/ledger", async (context) =>
    context.json(await controlPlane.ledgerTask(context.req.param("name"))),
  );
  app.get("/environments/:name/ledger/keys", async (context) =>
    context.json(await controlPlane.environments.ledgerKeys(context.req.param("name"))),
  );

  app.get("/upgrades/:id", async (context) => context.json(await controlPlane.upgrade(context.req.param("id"))));
  app.get("/upgrades/:id/report", async (context) => context.json(await controlPlane.report(context.req.param("id"))));
  app.put("/upgrades/:id/ledger", async (context) => {
    await controlPlane.saveLedger(context.req.param("id"), (await context.req.json()) as LedgerSummary);
    return context.json({});
  });
  app.post("/upgrades/:id/gates/:gate", async (context) => {
    const { id, gate } = context.req.param();
    const { answer, by, planHash } = await body(context.req, answerBody);
    await controlPlane.engine[answer](id, gate, by, planHash);
    return context.json({});
  });
  app.post("/upgrades/:id/rollback", async (context) => {
    const { by, reason } = await body(context.req, rollbackBody);
    await controlPlane.engine.rollback(context.req.param("id"), by, reason);
    return context.json({});
  });
  app.post("/upgrades/:id/resume", async (context) => {
    const { by } = await body(context.req, resumeBody);
    await controlPlane.engine.resume(context.req.param("id"), by);
    return context.json({});
  });
  app.get("/upgrades/:id/views", async (context) => {
    const id = context.req.param("id");
    await controlPlane.upgrade(id);
    return streamSSE(context, async (stream) => {
      let sent = "";
      while (!stream.aborted) {
        const view = await controlPlane.upgrade(id);
        const data = JSON.stringify(view);
        if (data !== sent) await stream.writeSSE({ event: "view", data });
        else await stream.writeSSE({ event: "heartbeat", data: "" });
        sent = data;
        if (ENDED.includes(view.state)) return;
        await changed(HEARTBEAT_MS);
      }
    });
  });
  return app;
}

async function body<T>(request: { json(): Promise<unknown> }, shape: z.ZodType<T>): Promise<T> {
  const parsed = shape.safeParse(await request.json().catch(() => null));
  if (parsed.success) return parsed.data;
  const why = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "the body"}: ${message}`).join("; ");
  throw new Problem("bad-input", { what: "the request's body is not as agreed", why, next: "see src/api/contract.ts" });
}
