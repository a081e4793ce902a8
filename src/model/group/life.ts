/** The life of a scaling group: from what is set, seen, tried and voted to the one thing that is to be done next. Pure. */
import type { Vote } from "../vote.ts";
import { type Bounds, boundsAt, type SetByPeople } from "./bounds.ts";
import { failuresIn, lastResizeIn, pausedUntil, type Resize } from "./history.ts";
import type { GroupSettings } from "./settings.ts";
import { type Count, countVotes } from "./votes.ts";

export interface GroupMember {
  name: string;
  /** Null: it came up with its generation. */
  launchedAt: number | null;
  /** Since when not every load balancer finds it ready and healthy; null while all do. */
  sickSince: number | null;
  /** Who locked it; null when nobody did. */
  locked: string | null;
}

/** What people decided, and the group itself when it gave up. */
export interface GroupState extends SetByPeople {
  enabled: boolean;
  by: string | null;
  since: number | null;
  reason: string;
  /** Since it was last enabled: older failures do not count. */
  failuresFrom: number | null;
}

export interface GroupFacts {
  settings: GroupSettings;
  state: GroupState;
  /** Of the generation that serves, and of no other. */
  members: readonly GroupMember[];
  /** Every server that is there. */
  servers: readonly string[];
  votes: readonly Vote[];
  /** Newest first. */
  history: readonly Resize[];
  /** Why nothing may be changed now: an upgrade, a lock …; null when nothing stands in the way. */
  hindrance: string | null;
  now: number;
}

export type GroupAction =
  | { act: "launch"; servers: number; because: string }
  | { act: "terminate"; servers: string[]; because: string }
  /** It gives up until a person has looked. */
  | { act: "disable"; because: string }
  | { act: "nothing"; because: string };

/** The facts with what follows from them. */
export interface GroupPicture extends GroupFacts {
  bounds: Bounds;
  count: Count;
  /** Those that serve, or were unhealthy for a moment only. */
  operational: GroupMember[];
  stranded: GroupMember[];
  failures: number;
}

export function pictureOf(facts: GroupFacts): GroupPicture {
  const { settings, state, members, servers, votes, history, now } = facts;
  const isStranded = ({ sickSince }: GroupMember): boolean =>
    sickSince !== null && now - sickSince >= settings.strandedSeconds * 1000;
  return {
    ...facts,
    bounds: boundsAt(settings, state, now),
    count: countVotes({ votes, members, servers, votesSeconds: settings.votesSeconds, now }),
    operational: members.filter((member) => !isStranded(member)),
    stranded: members.filter(isStranded),
    failures: failuresIn(history, state.failuresFrom),
  };
}

export function nextAction(facts: GroupFacts): GroupAction {
  const seen = pictureOf(facts);
  const { state, failures, settings, hindrance } = seen;
  if (!state.enabled) return nothing(drawDisabled(state));
  if (failures >= settings.failuresMax) {
    return { act: "disable", because: `${failures} launches in a row failed: launching more would not help` };
  }
  if (hindrance !== null) return nothing(hindrance);
  return aboveMax(seen) ?? belowMin(seen) ?? byVotes(seen);
}

export const drawDisabled = ({ by, reason }: Pick<GroupState, "by" | "reason">): string =>
  `disabled${by === null ? " since the environment came up" : ` by ${by}`}${reason === "" ? "" : `: ${reason}`}`;

function aboveMax(seen: GroupPicture): GroupAction | null {
  const { bounds, members } = seen;
  const excess = members.length - bounds.max;
  if (excess <= 0) return null;
  const because = `${members.length} servers are more than ${bounds.max}, the most by ${bounds.from}`;
  return terminate(seen, excess, because) ?? paused(seen) ?? nothing(`${because}, and those left are locked`);
}

function belowMin(seen: GroupPicture): GroupAction | null {
  const { bounds, members, operational, stranded } = seen;
  const missing = bounds.min - operational.length;
  if (missing <= 0) return null;
  const because = `${operational.length} of at least ${bounds.min} serve, by ${bounds.from}`;
  if (members.length < bounds.max) return launch(seen, missing, because);
  // Each could be replaced for ever by one that strands as well: once in a calm time is often enough.
  const room =
    calm(seen) ??
    terminate(seen, Math.min(missing, stranded.length), `${because}: to make room`, inOrderOfAge(stranded));
  return room ?? paused(seen) ?? nothing(`${because}; there is no room, and those that do not serve are locked`);
}

function byVotes(seen: GroupPicture): GroupAction {
  const { settings, bounds, count, members } = seen;
  const { percent } = count;
  const wanted = Math.abs(percent) >= settings.thresholdPercent && (percent > 0 ? "grow" : "shrink");
  if (!wanted) return nothing(`${drawCount(count)}; ${settings.thresholdPercent} % one way are needed`);
  const because = `${drawCount(count)}: it is to ${wanted}`;
  if (wanted === "grow") {
    if (members.length >= bounds.max) return nothing(`${because}, and ${bounds.max} is the most by ${bounds.from}`);
    return calm(seen) ?? launch(seen, settings.growBy, because);
  }
  const most = Math.min(settings.shrinkBy, members.length - bounds.min);
  if (most <= 0) return nothing(`${because}, and ${bounds.min} is the least by ${bounds.from}`);
  return (
    calm(seen) ??
    terminate(seen, most, because) ??
    paused(seen) ??
    nothing(`${because}, and those it could do without are locked`)
  );
}

/** Never beyond the most, and never more at once than may still fail. */
function launch(seen: GroupPicture, wanted: number, because: string): GroupAction {
  const { settings, bounds, members, stranded, failures } = seen;
  if (stranded.length >= settings.failuresMax) {
    const names = stranded.map(({ name }) => name).join(", ");
    return nothing(`${because}; but ${names} do not serve: launching more would not help before somebody has looked`);
  }
  const servers = Math.min(wanted, bounds.max - members.length, settings.failuresMax - failures);
  return paused(seen) ?? { act: "launch", servers, because };
}

/** Those that do not serve first, then the oldest; never a locked one, and never so many that too few serve. */
function terminate(
  seen: GroupPicture,
  wanted: number,
  because: string,
  among: readonly GroupMember[] = [...inOrderOfAge(seen.stranded), ...inOrderOfAge(seen.operational)],
): GroupAction | null {
  if (paused(seen)) return null;
  let spare = seen.operational.length - seen.bounds.min;
  const servers: string[] = [];
  for (const { name, locked } of among) {
    if (servers.length === wanted) break;
    if (locked !== null) continue;
    const serves = seen.operational.some((one) => one.name === name);
    if (serves && spare <= 0) continue;
    if (serves) spare -= 1;
    servers.push(name);
  }
  return servers.length > 0 ? { act: "terminate", servers, because } : null;
}

/** Made once: making one costs more than a thousand comparisons. */
const byNumber = new Intl.Collator("en", { numeric: true });

/** The oldest first. */
export const inOrderOfAge = <M extends Pick<GroupMember, "name" | "launchedAt">>(members: readonly M[]): M[] =>
  [...members].sort(
    (left, right) => (left.launchedAt ?? 0) - (right.launchedAt ?? 0) || byNumber.compare(left.name, right.name),
  );

function calm({ history, settings, now }: GroupPicture): GroupAction | null {
  const last = lastResizeIn(history);
  const until = last === null ? 0 : last + settings.calmSeconds * 1000;
  return until > now ? nothing(`calm until ${time(until)}`) : null;
}

function paused({ history, state, failures, settings, now }: GroupPicture): GroupAction | null {
  const until = pausedUntil(history, state.failuresFrom);
  const failed = failures === 0 ? "the last try failed" : `${failures} of ${settings.failuresMax} launches failed`;
  return until > now ? nothing(`${failed}; tries again at ${time(until)}`) : null;
}

const nothing = (because: string): GroupAction => ({ act: "nothing", because });

export const drawCount = ({ grow, shrink, voters, percent }: Count): string =>
  `${grow} of ${voters} want it to grow, ${shrink} to shrink (${Math.round(Math.abs(percent))} %)`;

const time = (at: number): string => `${new Date(at).toISOString().slice(11, 19)} UTC`;
