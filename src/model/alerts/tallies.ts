/** What a look brings for every counter that alerts watch: the tallies after it. Pure. */
import { count, type Counts, isForgotten, type Tally } from "./counting.ts";
import { answersKey, type Tallies, tallyKey } from "./sampling.ts";
import { type AlertSight, seenBalancers } from "./sight.ts";

/** A counter that was not seen this time is compared with what it was before as soon as it is seen again. */
export function addUp(before: Tallies, sight: AlertSight): Map<string, Tally> {
  const after = new Map([...before].filter(([, tally]) => !isForgotten(tally, sight.at)));
  const add = (key: string, counts: Counts, leading: string): void => {
    after.set(key, count(before.get(key) ?? null, sight.at, counts, leading));
  };
  for (const { name, sight: seen } of seenBalancers(sight)) {
    add(tallyKey("traffic", name), { requests: seen.traffic.requests, failed: seen.traffic.failed }, "requests");
    for (const { server, answers, errors } of seen.answers) {
      const key = answersKey(name, server);
      // Who became a member since the look before was counted from 0.
      if (before.has(tallyKey("traffic", name)) && !before.has(key)) after.set(key, begunAt(sight.at, before, name));
      after.set(key, count(after.get(key) ?? null, sight.at, { answers, errors }, "answers"));
    }
  }
  for (const [key, seen] of Object.entries(sight.lines)) {
    if (!("seen" in seen)) continue;
    const known = before.get(tallyKey("lines", key));
    // The host counts what is new; the tally wants a counter that grows.
    add(tallyKey("lines", key), { lines: (known?.last.lines ?? 0) + (seen.seen ?? 0) }, "lines");
  }
  return after;
}

const begunAt = (at: number, before: Tallies, balancer: string): Tally => ({
  at: before.get(tallyKey("traffic", balancer))?.at ?? at,
  last: { answers: 0, errors: 0 },
  parts: [],
});
