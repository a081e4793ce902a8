/** What people see of a scaling group: its servers, bounds, votes and failures, and what it would do next and why. Pure. */
import { lastResizeIn } from "../model/group/history.ts";
import { drawCount, drawDisabled, type GroupAction, type GroupPicture, nextAction } from "../model/group/life.ts";
import type { Ballot } from "../model/group/votes.ts";

export interface GroupServerView {
  name: string;
  address: string;
  state: "operational" | "unhealthy" | "stranded";
  sessions: number;
  /** Null: it came up with its generation. */
  launchedAt: number | null;
  locked: string | null;
}

export interface GroupView {
  environment: string;
  group: string;
  enabled: boolean;
  by: string | null;
  since: number | null;
  reason: string;
  servers: GroupServerView[];
  /** In force now; `set` is what people put in their place. */
  bounds: { min: number; max: number; from: string; until: number | null };
  set: { min: number | null; max: number | null };
  votes: { grow: number; shrink: number; voters: number; percent: number; needed: number; ballots: Ballot[] };
  failures: number;
  failuresMax: number;
  lastResizeAt: number | null;
  next: GroupAction;
  seenAt: number;
}

export interface SeenPicture extends Omit<GroupPicture, "members"> {
  environment: string;
  members: readonly (GroupPicture["members"][number] & { address: string; sessions: number })[];
}

export function viewGroup(seen: SeenPicture): GroupView {
  const { environment, settings, state, bounds, count, failures, stranded } = seen;
  const { enabled, by, since, reason, min, max } = state;
  const stateOf = ({ name, sickSince }: SeenPicture["members"][number]): GroupServerView["state"] => {
    if (stranded.some((one) => one.name === name)) return "stranded";
    return sickSince === null ? "operational" : "unhealthy";
  };
  return {
    environment,
    group: settings.name,
    ...{ enabled, by, since, reason },
    servers: seen.members.map((member) => {
      const { name, address, sessions, launchedAt, locked } = member;
      return { name, address, state: stateOf(member), sessions, launchedAt, locked };
    }),
    bounds,
    set: { min, max },
    votes: { ...count, needed: settings.thresholdPercent },
    failures,
    failuresMax: settings.failuresMax,
    lastResizeAt: lastResizeIn(seen.history),
    next: nextAction(seen),
    seenAt: seen.now,
  };
}

export function drawGroup(view: GroupView): string[] {
  const { bounds, votes, failures, failuresMax, lastResizeAt, seenAt } = view;
  const until = bounds.until === null ? "" : `, until ${time(bounds.until)}`;
  return [
    drawGroupSummary(view),
    `  bounds    ${bounds.min} to ${bounds.max} by ${bounds.from}${until}`,
    `  votes     ${drawCount(votes)}; ${votes.needed} % one way are needed`,
    ...votes.ballots.map((one) => `    ${drawBallot(one, seenAt)}`),
    `  failures  ${failures} of ${failuresMax} launches in a row`,
    `  changed   ${lastResizeAt === null ? "never" : time(lastResizeAt)}`,
    ...view.servers.map((one) => `  ${drawServer(one)}`),
  ];
}

/** One line, for the list and for `changeover status`. */
export function drawGroupSummary({ environment, group, servers, bounds, next, ...state }: GroupView): string {
  const good = servers.filter((one) => one.state === "operational").length;
  const size = servers.length === 1 ? "1 server" : `${servers.length} servers`;
  const enabled = state.enabled ? "enabled" : "disabled";
  return `${environment}: group "${group}" ${enabled}, ${size} (${good} operational) of ${bounds.min} to ${bounds.max}; next: ${drawNext(next)}`;
}

export function drawNext(next: GroupAction): string {
  if (next.act === "launch") return `launch ${next.servers}: ${next.because}`;
  if (next.act === "terminate") return `terminate ${next.servers.join(", ")}: ${next.because}`;
  if (next.act === "disable") return `disable itself: ${next.because}`;
  return `nothing: ${next.because}`;
}

export const drawState = ({ enabled, ...state }: Pick<GroupView, "enabled" | "by" | "since" | "reason">): string =>
  enabled
    ? `enabled${state.by === null ? " since the environment came up" : ` by ${state.by}`}`
    : drawDisabled({ by: state.by, reason: state.reason });

function drawBallot({ voter, vote, at, not }: Ballot, now: number): string {
  const age = `${Math.max(0, Math.round((now - at) / 1000))} s ago`;
  return `${vote.padEnd(6)} ${voter}, ${age}${not === null ? "" : ` · does not count: ${not}`}`;
}

function drawServer({ name, address, state, sessions, launchedAt, locked }: GroupServerView): string {
  const born = launchedAt === null ? "" : `, launched ${time(launchedAt)}`;
  return `${name.padEnd(10)} ${address.padEnd(15)} ${state}, ${sessions} sessions${born}${locked === null ? "" : `, locked by ${locked}`}`;
}

const time = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
