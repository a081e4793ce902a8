/** What holds of a minor upgrade whatever becomes of it, also when the control plane dies in it. */
import { expect } from "vitest";
import type { MinorStrategy } from "../../src/model/plan.ts";
import { expectInOrder, expectNothingLost, type Told } from "./backed-up.ts";
import { upgradeMinor } from "./minor.ts";
import { tellingMoments } from "./moments.ts";

const unnoticed = { page: 0, refused: 0, failed: 0 };

export function expectUnnoticed(seen: Told, what: string): void {
  expect(seen.clients.seen, what).toEqual(unnoticed);
  expectNothingLost(seen);
  expectInOrder(seen);
}

export const serving = ({ applications }: Told["after"]) =>
  applications.filter(({ labels }) => labels.kept === undefined);

/** Dies at those of its telling moments that are chosen by their number, each time anew. */
export async function expectSameAfterCrashes(
  strategy: MinorStrategy,
  chosen: (turn: number) => boolean,
): Promise<void> {
  const wanted = await upgradeMinor(strategy);
  const telling = tellingMoments(wanted.moments).filter((_, turn) => chosen(turn));
  expect(telling.length).toBeGreaterThan(10);
  const named = (seen: Told) => serving(seen.after).map(({ name, release }) => [name, release]);
  for (const at of telling) {
    const seen = await upgradeMinor(strategy, { deaths: [at] });
    const what = `${strategy} died at ${wanted.moments[0]?.[at]}`;
    expect(seen.end, what).toEqual({ state: "upgraded" });
    expectUnnoticed(seen, what);
    expect(named(seen), what).toEqual(named(wanted));
  }
}
