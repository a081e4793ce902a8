/** The shop before an upgrade that adds and takes nothing away, and its trial on a restored copy up to the verdict. */
import type { Plan } from "../../src/model/plan.ts";
import { act } from "../../src/plan/stage.ts";
import type { SimulatedRelease } from "../../src/providers/simulated/programs.ts";
import { tryMinor } from "../../src/steps/try-minor.ts";
import { tryOldRelease } from "../../src/steps/try-old-release.ts";
import { picture } from "./picture.ts";
import { bringUp, planUpgrade, run, type RunOptions, type ShopSite } from "./run.ts";
import { releases } from "./shop.ts";

/** Both have a table that no check of the shop touches. */
const BEFORE = ["rows", "add comments"];

export interface Trial extends Pick<RunOptions, "deaths"> {
  /** What release 2's migration does. */
  does?: string[];
  /** Of release 1: additions with which it can't use their table. */
  breaksOn?: string[];
  /** Also asked of the old release on the copy. */
  reads?: string[];
  writes?: boolean;
  failAt?: string | null;
  /** Done once the tables of the copy are watched, right before the old release is started on it. */
  watched?: (on: ShopSite) => Promise<void>;
}

const additions = ["add rows.note", "add notices"];

export async function tryIt({
  does = additions,
  breaksOn,
  reads = [],
  writes = true,
  failAt = null,
  watched,
  ...options
}: Trial) {
  const release = (schema: string[]): SimulatedRelease => ({ schema, migration: "good", web: "good" });
  const known = { ...releases(), "1": { ...release(BEFORE), breaksOn }, "2": release([...BEFORE, ...does]) };
  const on = await bringUp(known);
  // Who looks for rows and finds none touches nothing.
  on.site.database("db-1").write({ kind: "put", key: "w-first" }, "application");
  await on.site.clock.sleep(1_000);
  const before = await picture(on.site, on.world);
  const plan = trialOf(await planUpgrade(on), { reads, writes }, failAt);
  const watch = async (moment: string) => {
    if (moment === 'after watch the tables on "spare-1"') await watched?.(on);
  };
  const ran = await run(on, plan, { ...options, watch });
  const verdict = ran.entries.findLast(({ step, direction }) => step === "try-minor" && direction === "apply");
  return { on, before, ...ran, evidence: verdict?.evidence, after: await picture(on.site, on.world) };
}

/** All that a major upgrade does up to the trial of the old release, which is asked for another verdict. */
function trialOf(major: Plan, { reads, writes }: { reads: string[]; writes: boolean }, failAt: string | null): Plan {
  const last = major.stages.findIndex(({ steps }) => steps.some(({ step }) => step === "try-old-release"));
  const [trial, ...before] = major.stages.slice(0, last + 1).reverse();
  if (!trial) throw new Error("a major upgrade tries the old release on a copy");
  const asked = trial.steps.find(({ step }) => step === "try-old-release")?.input;
  const { release, ...like } = tryOldRelease.input.parse(asked);
  const good = {
    ...like.good,
    read: [...like.good.read, ...reads.map((path) => ({ method: "GET", path, expect: { status: 200 } }))],
    write: writes ? like.good.write : null,
  };
  const minor = act(tryMinor, { ...like, copy: "spare-1", old: "db-1", from: release, to: major.to, good });
  const steps = trial.steps.map((step) => (step.step === "try-old-release" ? minor : step));
  return { ...major, stages: [...before.reverse(), { ...trial, steps }], afterWayBack: [], failAt };
}
