/** The HTTP service: one file per resource, shapes in contract.ts, meaning in run/control-plane.ts. */
import { Hono } from "hono";
import type { ControlPlane } from "../run/control-plane.ts";
import { alertRoutes } from "./alerts.ts";
import { type ActivityBook, activityRoutes, writeDown } from "./activity.ts";
import { addressRoutes } from "./addresses.ts";
import { backupRoutes } from "./backups.ts";
import { parseBody } from "./body.ts";
import { cloneRoutes } from "./clones.ts";
import { credentialRoutes } from "./credentials.ts";
import { type Health, shutdownBody } from "./contract.ts";
import { environmentRoutes } from "./environments.ts";
import { groupRoutes } from "./groups.ts";
import { lockRoutes } from "./locks.ts";
import { nameRoutes } from "./names.ts";
import { toWire } from "./problems.ts";
import { inputRoutes } from "./inputs.ts";
import { rehearsalRoutes } from "./rehearsals.ts";
import { serverRoutes } from "./servers.ts";
import { scriptRoutes } from "./scripts.ts";
import { templateRoutes } from "./templates.ts";
import { heedLocks } from "./route-verbs.ts";
import { upgradeRoutes } from "./upgrades.ts";

export interface ServiceParts {
  controlPlane: ControlPlane;
  activity: ActivityBook;
  health(): Promise<Health>;
  /** Leaves out every secret that is known here. */
  redact(text: string): string;
  /** Resolves when something was journalled, or after `ms`. */
  changed(ms: number): Promise<void>;
  /** Ends the process, and with it the embedded database; `forget` removes that, too. */
  shutDown(forget: boolean): Promise<void>;
}

/** So that the answer is out before the process ends. */
const SHUTDOWN_AFTER_MS = 50;

export function createApp({ controlPlane, activity, health, redact, changed, shutDown }: ServiceParts): Hono {
  const app = new Hono();
  app.onError((error, context) => {
    const problem = toWire(error, redact);
    return context.json(problem, problem.status as 500, { "content-type": "application/problem+json" });
  });
  app.use(writeDown(activity));
  app.use(heedLocks(controlPlane.locks));
  app.get("/health", async (context) => context.json(await health()));
  app.post("/shutdown", async (context) => {
    const { forget } = await parseBody(context.req, shutdownBody);
    setTimeout(() => void shutDown(forget), SHUTDOWN_AFTER_MS);
    return context.json({});
  });
  app.route("/activity", activityRoutes(activity));
  app.route("/environments", environmentRoutes(controlPlane));
  app.route("/environments", credentialRoutes(controlPlane.credentials));
  app.route("/environments", backupRoutes(controlPlane));
  app.route("/environments", serverRoutes(controlPlane.servers));
  app.route("/environments", inputRoutes(controlPlane.inputs));
  app.route("/environments", groupRoutes(controlPlane));
  app.route("/environments", scriptRoutes(controlPlane));
  app.route("/templates", templateRoutes(controlPlane));
  app.route("/environments", lockRoutes(controlPlane));
  app.route("/environments", alertRoutes(controlPlane.alerts));
  app.route("/environments", nameRoutes(controlPlane));
  app.route("/environments", cloneRoutes(controlPlane));
  app.route("/environments", addressRoutes(controlPlane));
  app.route("/rehearsals", rehearsalRoutes(controlPlane));
  app.route("/upgrades", upgradeRoutes(controlPlane, changed));
  return app;
}
