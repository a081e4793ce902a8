/** Filling from a backup while its owner goes on with its own affairs: newer tokens there are no word about who may act here. */
import { expect, test } from "vitest";
import type { Database } from "../../src/model/database.ts";
import { Problem } from "../../src/model/problem.ts";
import type { StepContext } from "../../src/model/step.ts";
import type { World } from "../../src/model/world.ts";
import { fillFromBackup } from "../../src/steps/fill-from-backup.ts";

const input = { environment: "live", holder: "db-2", backup: "u-1-backup", server: "db-1", copyMs: 1_000 };
const stale = new Problem("stale-token", { what: "refused", why: "a newer one has acted there", next: "leave it" });

function fill({ overruled, own = 0 }: { overruled: number; own?: number }) {
  const opened: string[] = [];
  let tries = 0;
  const copy = {
    async restore() {
      tries += 1;
      if (tries <= overruled + own) throw stale;
    },
  } as unknown as Database;
  const here = {
    environment: "staging",
    database: async () => copy,
    provider: {
      open: async () => ({
        async claim() {
          if (own > 0) throw stale;
        },
      }),
    },
    async elsewhere(name: string) {
      opened.push(name);
      return { database: async () => ({}) as Database } as unknown as World;
    },
  } as unknown as World;
  const done = fillFromBackup.apply({ world: here } as StepContext, input);
  return { done, opened, tries: () => tries };
}

test("what is refused there is read again under a token of the day", async () => {
  const { done, opened, tries } = fill({ overruled: 2 });
  await done;
  expect([tries(), opened]).toEqual([3, ["live", "live", "live"]]);
});

test("but not for ever, and never when somebody newer acts here", async () => {
  await expect(fill({ overruled: 3 }).done).rejects.toBe(stale);
  const replaced = fill({ overruled: 0, own: 1 });
  await expect(replaced.done).rejects.toBe(stale);
  expect(replaced.tries()).toBe(1);
});
