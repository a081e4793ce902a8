/** The law of the way back's table: from every combination it ends soon, and never through two writable primaries. */
import { describe, expect, test } from "vitest";
import { nextAction, type SwitchoverAction, type SwitchoverFacts } from "../../src/model/switchover.ts";

const all: SwitchoverFacts[] = [true, false].flatMap((migrated) =>
  (["writable", "fenced", "down"] as const).flatMap((oldPrimary) =>
    (["following", "frozen", "writable", "down"] as const).flatMap((standby) =>
      (["old-primary", "standby", "elsewhere"] as const).map((endpoint) => ({
        migrated,
        oldPrimary,
        standby,
        endpoint,
      })),
    ),
  ),
);

/** What the world does when an action is taken. */
function after(facts: SwitchoverFacts, action: SwitchoverAction): SwitchoverFacts {
  const effects: Record<SwitchoverAction, Partial<SwitchoverFacts>> = {
    done: {},
    ask: {},
    "fence-old-primary": { oldPrimary: "fenced" },
    "unfence-old-primary": { oldPrimary: "writable" },
    "fence-standby": { standby: "frozen" },
    "promote-standby": { standby: "writable" },
    "point-to-standby": { endpoint: "standby" },
    "point-to-old-primary": { endpoint: "old-primary" },
  };
  return { ...facts, ...effects[action] };
}

const twoWritable = ({ oldPrimary, standby }: SwitchoverFacts) => oldPrimary === "writable" && standby === "writable";

function walk(start: SwitchoverFacts) {
  const path = [start];
  for (let round = 0; round < 8; round++) {
    const facts = path.at(-1) ?? start;
    const { action, because } = nextAction(facts);
    expect(because).not.toBe("");
    if (action === "done" || action === "ask") return { path, action, facts };
    path.push(after(facts, action));
  }
  throw new Error(`no end from ${JSON.stringify(start)}`);
}

test("there are 72 combinations, and each has an answer", () => {
  expect(all).toHaveLength(72);
  for (const facts of all) expect(nextAction(facts).action).toBeTruthy();
});

describe.each(all.map((facts) => [Object.values(facts).join(", "), facts] as const))("from %s", (_name, start) => {
  test("it ends, and no way leads into two writable primaries", () => {
    const { path } = walk(start);
    const [first, ...rest] = path.map(twoWritable);
    // Who starts in the bad state leaves it with the very first action.
    expect(rest).toEqual(rest.map(() => false));
    if (!first) expect(path.some(twoWritable)).toBe(false);
  });

  test("where it ends well, one primary takes writes and the endpoint leads to it", () => {
    const { action, facts } = walk(start);
    if (action === "ask") return;
    const wanted: Partial<SwitchoverFacts> = facts.migrated
      ? { standby: "writable", endpoint: "standby" }
      : { oldPrimary: "writable", endpoint: "old-primary" };
    expect(facts).toMatchObject(wanted);
    expect(twoWritable(facts)).toBe(false);
  });

  test("a person is asked only where no safe action is left", () => {
    const { action } = walk(start);
    const standbyIsGood = ["frozen", "writable"].includes(start.standby);
    const safe = start.migrated
      ? standbyIsGood
      : start.oldPrimary !== "down" && (start.standby !== "writable" || start.oldPrimary === "writable");
    expect(action).toBe(safe ? "done" : "ask");
  });
});
