/** The ledger's counting: it must see each lost and each duplicated write, whatever the order, and nothing else. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Acknowledged,
  type AnswerRun,
  clientDowntimeMs,
  countRequests,
  judgeWrites,
  summarize,
  writeGapMs,
} from "../../src/ledger/count.ts";

const line = (key: string, at = 0): Acknowledged => ({ key, at, tries: 1, ms: 5, status: 201 });
const run = (kind: AnswerRun["kind"], from: number, to: number, count: number): AnswerRun => ({
  kind,
  from,
  to,
  count,
});

/** For each write of a run: was it acknowledged, and how often is it in the database? */
const history = fc.array(fc.record({ acknowledged: fc.boolean(), stored: fc.integer({ min: 0, max: 3 }) }), {
  maxLength: 60,
});

test("each acknowledged write that is not stored is lost, each stored twice is duplicated, in any order", () => {
  const property = fc.property(history, fc.array(fc.constantFrom("seed-1", "probe-9", "x")), (writes, others) => {
    const keyed = writes.map((write, index) => ({ ...write, key: `ledger-abc-${index + 1}` }));
    const acknowledged = keyed.filter((write) => write.acknowledged);
    const found = keyed.flatMap((write) => Array<string>(write.stored).fill(write.key));
    const judged = judgeWrites(
      acknowledged.map((write) => line(write.key)),
      [...others, ...found].reverse(),
    );
    expect(judged.acknowledged).toBe(acknowledged.length);
    expect(judged.lost).toEqual(acknowledged.filter((write) => write.stored === 0).map((write) => write.key));
    const twice = keyed.filter((write) => write.stored > 1 && acknowledged.length > 0).map((write) => write.key);
    expect([...judged.duplicated].sort()).toEqual(twice.sort());
  });
  fc.assert(property, { numRuns: 300 });
});

test("taking one acknowledged key out of a complete database makes exactly one write lost", () => {
  const property = fc.property(fc.integer({ min: 1, max: 80 }), fc.nat(), (count, pick) => {
    const keys = Array.from({ length: count }, (_, index) => `ledger-r-${index}`);
    const gone = keys[pick % count] as string;
    const lines = keys.map((key) => line(key));
    expect(judgeWrites(lines, keys)).toEqual({ acknowledged: count, lost: [], duplicated: [] });
    expect(
      judgeWrites(
        lines,
        keys.filter((key) => key !== gone),
      ).lost,
    ).toEqual([gone]);
    expect(judgeWrites(lines, [...keys, gone]).duplicated).toEqual([gone]);
  });
  fc.assert(property, { numRuns: 200 });
});

test("a key that was stored for a write nobody acknowledged is neither lost nor duplicated", () => {
  expect(judgeWrites([line("ledger-r-1")], ["ledger-r-1", "ledger-r-2"])).toEqual({
    acknowledged: 1,
    lost: [],
    duplicated: [],
  });
});

test("the write gap is the longest silence between two acknowledgements, whatever the order of the lines", () => {
  expect(writeGapMs([])).toBe(0);
  expect(writeGapMs([line("a", 70)])).toBe(0);
  expect(writeGapMs([line("c", 900), line("a", 100), line("b", 140)])).toBe(760);
  const times = fc.array(fc.nat(100_000), { minLength: 2 });
  const property = fc.property(times, fc.nat(100_000), (at, extra) => {
    const lines = at.map((time, index) => line(`k-${index}`, time));
    const [first, last] = [Math.min(...at), Math.max(...at)];
    expect(writeGapMs(lines)).toBeLessThanOrEqual(last - first);
    expect(writeGapMs(lines) * (at.length - 1)).toBeGreaterThanOrEqual(last - first);
    if (extra >= first && extra <= last) {
      expect(writeGapMs([...lines, line("extra", extra)])).toBeLessThanOrEqual(writeGapMs(lines));
    }
  });
  fc.assert(property);
});

test("the downtime spans from the first to the last answer that was not the application's", () => {
  expect(clientDowntimeMs([run("application", 0, 5000, 80)])).toBe(0);
  const runs = [
    run("application", 0, 1000, 50),
    run("failed", 1100, 1100, 1),
    run("application", 1150, 1200, 4),
    run("page", 1300, 4300, 90),
    run("application", 4400, 9000, 200),
  ];
  expect(clientDowntimeMs(runs)).toBe(3200);
  expect(clientDowntimeMs([...runs].reverse())).toBe(3200);
  expect(countRequests(runs)).toEqual({ total: 345, failed: 1, paged: 90 });
});

test("the summary says what the report needs", () => {
  const lines = [line("ledger-r-1", 10), line("ledger-r-2", 30), line("ledger-r-3", 90)];
  const runs = [run("application", 10, 40, 2), run("page", 50, 80, 3), run("application", 90, 90, 1)];
  expect(summarize("/tmp/book.jsonl", lines, runs, ["ledger-r-1", "ledger-r-3", "ledger-r-3", "seed-1"])).toEqual({
    path: "/tmp/book.jsonl",
    requests: { total: 6, failed: 0, paged: 3 },
    writes: { acknowledged: 3, lost: 1, duplicated: 1 },
    clientDowntimeMs: 30,
    writeGapMs: 60,
  });
});
