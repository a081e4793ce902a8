/** What people may ask of alerts: list them, look at one, keep one quiet for a while, prove one. */
import type { ActionKind } from "../model/alerts/action.ts";
import type { AlertRule } from "../model/alerts/rule.ts";
import { Problem } from "../model/problem.ts";
import { alertEvents } from "../store/alert-events.ts";
import { alertStates, putQuench, type Quench, quenchesOf, removeQuench } from "../store/alerts.ts";
import { type AlertDetails, type AlertsView, type AlertTestView, viewAlerts } from "../view/alerts.ts";
import { whyLocked } from "./alert-actions.ts";
import type { LookParts } from "./alert-look.ts";
import { testAlert } from "./alert-test.ts";
import type { Environments } from "./environments.ts";

export interface AlertDesk {
  list(environment: string): Promise<AlertsView>;
  show(environment: string, alert: string): Promise<AlertDetails>;
  /** Nothing is done for so long; it is still shown. */
  quench(environment: string, alert: string, asked: { seconds: number; by: string; reason: string }): Promise<Quench>;
  unquench(environment: string, alert: string): Promise<void>;
  /** Raises it with a made up sample, does what it does, and resolves it. */
  test(environment: string, alert: string, asked: TestWish): Promise<AlertTestView>;
}

export interface TestWish {
  only: readonly ActionKind[] | null;
  escalate: boolean;
  /** What it is raised for; the first thing that it watches when null. */
  target: string | null;
}

const EVENTS = 50;

export function openAlerts(parts: LookParts & { environments: Environments }): AlertDesk {
  const { store, clock, environments } = parts;
  const find = async (environment: string, alert: string): Promise<{ environment: string; rule: AlertRule }> => {
    const { name, definition } = await environments.find(environment);
    const rule = definition.alerts.find((one) => one.name === alert);
    if (rule) return { environment: name, rule };
    const names = definition.alerts.map((one) => one.name).join(", ");
    throw new Problem("not-found", {
      what: `"${name}" has no alert "${alert}"`,
      why: names === "" ? "its file has no alerts" : `there are ${names}`,
      next: `changeover alert list ${name}`,
    });
  };
  const list = async (environment: string): Promise<AlertsView> => {
    const { name, definition } = await environments.find(environment);
    const now = clock.now();
    const [known, quenches] = [await alertStates(store, name), await quenchesOf(store, name, now)];
    const locked = await whyLocked(store, name);
    return viewAlerts({ environment: name, rules: definition.alerts, known, quenches, locked, now });
  };
  return {
    list,
    async show(environment, alert) {
      const { environment: name, rule } = await find(environment, alert);
      const { alerts, locked } = await list(name);
      const view = alerts.find((one) => one.alert === alert) ?? { alert, condition: "", quenched: null, targets: [] };
      return {
        ...view,
        environment: name,
        locked,
        rule,
        events: await alertEvents(store, name, { alert, limit: EVENTS }),
      };
    },
    async quench(environment, alert, { seconds, by, reason }) {
      const { environment: name, rule } = await find(environment, alert);
      const quench = { alert: rule.name, until: clock.now() + seconds * 1000, by, reason };
      await putQuench(store, name, quench);
      return quench;
    },
    async unquench(environment, alert) {
      const { environment: name } = await find(environment, alert);
      if (await removeQuench(store, name, alert)) return;
      throw new Problem("refused", {
        what: `alert "${alert}" of "${name}" is not quenched`,
        why: "nobody quenched it, or somebody ended that",
        next: `changeover alert show ${name} ${alert}`,
      });
    },
    async test(environment, alert, { only, escalate, target }) {
      const { environment: name, rule } = await find(environment, alert);
      const quenched = (await quenchesOf(store, name, clock.now())).find((one) => one.alert === alert);
      if (quenched) throw isQuenched(name, quenched);
      const known = (await alertStates(store, name)).filter((one) => one.alert === alert).map((one) => one.target);
      return testAlert(parts, {
        environment: name,
        rule,
        target: chooseTarget(name, alert, known, target),
        only,
        escalate,
      });
    },
  };
}

function chooseTarget(environment: string, alert: string, known: readonly string[], wanted: string | null): string {
  const [first] = known;
  const chosen = wanted ?? first;
  if (chosen !== undefined && known.includes(chosen)) return chosen;
  throw new Problem(wanted === null ? "refused" : "not-found", {
    what: wanted === null ? `alert "${alert}" watches nothing yet` : `alert "${alert}" does not watch "${wanted}"`,
    why:
      known.length === 0
        ? "nothing was looked at yet, or there is nothing that it fits"
        : `it watches ${known.join(", ")}`,
    next: `changeover alert show ${environment} ${alert}`,
  });
}

const isQuenched = (environment: string, { alert, until, by }: Quench): Problem =>
  new Problem("refused", {
    what: `alert "${alert}" of "${environment}" can't be tested`,
    why: `it is quenched by ${by} until ${new Date(until).toISOString()}: it would do nothing`,
    next: `changeover alert unquench ${environment} ${alert}`,
  });
