/** Counts the votes on a scaling group: each voter has one, whatever it is that votes. Pure. */
import type { Vote, VoteKind } from "../vote.ts";

export interface Electorate {
  votes: readonly Vote[];
  /** Of the group, whether or not they vote. */
  members: readonly { name: string; launchedAt: number | null }[];
  /** Every server that is there now, of the group or not. */
  servers: readonly string[];
  votesSeconds: number;
  now: number;
}

export interface Ballot {
  voter: string;
  vote: VoteKind;
  at: number;
  /** Why it does not count; null when it does. */
  not: string | null;
}

export interface Count {
  ballots: Ballot[];
  grow: number;
  shrink: number;
  /** The group's members, and whoever else votes. */
  voters: number;
  /** Those for growing less those for shrinking, of all voters; 0 when there are none. */
  percent: number;
}

/**
 * Several alerts on one server are one voter, which is for what most of them are for. Who is no member (a fixed server,
 * a load balancer, an alert about the whole, a person) has one vote, too, and is among the voters while it votes.
 */
export function countVotes(electorate: Electorate): Count {
  const { votes, members } = electorate;
  const ballots = votes.map((vote) => ({ ...ballotOf(vote), not: whyNot(vote, electorate) }));
  const sums = new Map<string, number>();
  for (const { voter, vote, not } of ballots) {
    if (not !== null) continue;
    const who = serverOf(voter) ?? voter;
    sums.set(who, (sums.get(who) ?? 0) + (vote === "grow" ? 1 : -1));
  }
  const decided = [...sums.values()];
  const [grow, shrink] = [decided.filter((sum) => sum > 0).length, decided.filter((sum) => sum < 0).length];
  const voters = new Set([...members.map(({ name }) => name), ...sums.keys()]).size;
  return { ballots, grow, shrink, voters, percent: voters === 0 ? 0 : ((grow - shrink) * 100) / voters };
}

const ballotOf = ({ voter, vote, at }: Vote) => ({ voter, vote, at });

/** An alert votes as "its name and its server": what follows the last space. */
const serverOf = (voter: string): string | null => /^.* (\S+)$/.exec(voter)?.[1] ?? null;

function whyNot({ voter, at }: Vote, { members, servers, votesSeconds, now }: Electorate): string | null {
  if (now - at > votesSeconds * 1000) return `it is older than ${votesSeconds} s`;
  const server = serverOf(voter);
  if (server === null) return null;
  if (!servers.includes(server)) return `there is no server "${server}"`;
  const member = members.find(({ name }) => name === server);
  // A name is given again: what the server before it wanted does not matter.
  return member?.launchedAt != null && at < member.launchedAt ? `it is of another "${server}", which is gone` : null;
}
