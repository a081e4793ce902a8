/** What an alert does: its actions as data, when each is due, and how they are told. Pure. */
import { createHash } from "node:crypto";
import { canonical } from "../plan.ts";
import type { VoteKind } from "../vote.ts";
import type { AlertRule, WrittenAction } from "./rule.ts";

type Named = { credential: string };

export type Action =
  | { kind: "vote"; vote: VoteKind; group: string }
  | { kind: "notify"; url: string | Named; secret: Named | null }
  /** On the server that is watched when `server` is null. */
  | { kind: "run"; script: string; server: string | null }
  | { kind: "pause" };

export const actionKinds = ["vote", "notify", "run", "pause"] as const;
export type ActionKind = (typeof actionKinds)[number];

/** One action of a rule in its place. */
export interface Planned {
  /** The same as long as the rule says the same at this place: what was done is remembered by it. */
  key: string;
  action: Action;
  /** After it was raised. */
  afterMs: number;
}

export function readAction({ vote, group = "", notify, run, server }: WrittenAction): Action {
  if (vote !== undefined) return { kind: "vote", vote, group };
  if (notify !== undefined) return { kind: "notify", url: notify.url, secret: notify.secret ?? null };
  if (run !== undefined) return { kind: "run", script: run, server: server ?? null };
  return { kind: "pause" };
}

/** All that the rule has, in order; those of a stage that others replaced are among them. */
export const allPlanned = (rule: AlertRule): Planned[] => stagesOf(rule).flatMap(({ planned }) => planned);

/** What holds so long after it was raised: an escalation may have taken the place of what came before. */
export function plannedAt(rule: AlertRule, sinceMs: number): Planned[] {
  const reached = stagesOf(rule).filter(({ afterMs }) => afterMs <= sinceMs);
  const from = reached.findLastIndex(({ instead }) => instead);
  return reached.slice(Math.max(0, from)).flatMap(({ planned }) => planned);
}

export const plannedAtEnd = (rule: AlertRule): Planned[] => place("resolve", 0, rule.resolve);

interface Stage {
  afterMs: number;
  instead: boolean;
  planned: Planned[];
}

function stagesOf({ do: first, escalate }: AlertRule): Stage[] {
  return [{ afterSeconds: 0, instead: false, do: first }, ...escalate].map(({ afterSeconds, instead, do: actions }) => {
    const afterMs = afterSeconds * 1000;
    return { afterMs, instead, planned: place(String(afterSeconds), afterMs, actions) };
  });
}

/** The same action twice in one place is done once. */
function place(where: string, afterMs: number, written: readonly WrittenAction[]): Planned[] {
  const planned = written.map(readAction).map((action) => ({ key: `${where} ${hashOf(action)}`, action, afterMs }));
  return planned.filter(({ key }, at) => planned.findIndex((one) => one.key === key) === at);
}

const hashOf = (action: Action): string => createHash("sha256").update(canonical(action)).digest("hex").slice(0, 12);

/** A vote stands, and a pause that somebody ended was ended on purpose. */
export const repeats = ({ kind }: Action): boolean => kind === "notify" || kind === "run";

/** Without what an address may carry behind its host: that can be a secret. */
export function actionInWords(action: Action, target?: string): string {
  if (action.kind === "vote") return `vote to ${action.vote} ${action.group}`;
  if (action.kind === "notify") return `notify ${placeInWords(action.url)}`;
  if (action.kind === "run") {
    const server = action.server ?? target;
    return `run ${action.script}${server === undefined ? "" : ` on ${server}`}`;
  }
  return "pause the upgrade";
}

const placeInWords = (url: string | Named): string =>
  typeof url === "string" ? (URL.parse(url)?.host ?? "?") : `the address in credential ${url.credential}`;

/** Credentials that a rule's messages need. */
export const credentialsOfRule = (rule: AlertRule): string[] => {
  const named = [...allPlanned(rule), ...plannedAtEnd(rule)].flatMap(({ action }) =>
    action.kind === "notify" ? [action.url, action.secret] : [],
  );
  return [...new Set(named.flatMap((one) => (one === null || typeof one === "string" ? [] : [one.credential])))];
};

export const groupsOfRule = (rule: AlertRule): string[] =>
  allPlanned(rule).flatMap(({ action }) => (action.kind === "vote" ? [action.group] : []));
