/** Lock down: what must hold so that production is committed and locked, each as a line with what comes next. Pure. */
import { type Committed, notCommitted } from "./committed.ts";
import type { Drift } from "./drift.ts";
import type { OpenOverride } from "./inputs/override.ts";
import type { TemplateRef } from "./launch.ts";
import { type Lock, lockedBy } from "./lock.ts";

export interface LockdownFacts {
  environment: string;
  file: { path: string; git: Committed; drift: readonly Drift[] };
  /** Those that run now. */
  releases: readonly ServingRelease[];
  /** What each was launched from, by its name; null when from no template. */
  servers: readonly { name: string; template: TemplateRef | { trouble: string } | null }[];
  overrides: readonly OpenOverride[];
  locks: readonly Lock[];
  run: { id: string; state: string } | null;
}

export interface ServingRelease {
  release: string;
  /** Null: the environment file names no such release. */
  folder: string | null;
  git: Committed;
  /** What the servers run, and what the folder packs to; null when it can't be packed. */
  served: readonly string[];
  packs: string | null;
}

export interface LockdownLine {
  /** "release 2", "server app-1" … */
  subject: string;
  asks: "committed" | "unchanged" | "at rest" | "locked";
  ok: boolean;
  why: string;
  /** A command or an edit; null when it is well. */
  next: string | null;
  /** It only needs a lock, which `--apply` puts on. */
  lockable: boolean;
}

export interface LockdownView {
  environment: string;
  readAt: number;
  /** Every line is well. */
  lockedDown: boolean;
  lines: LockdownLine[];
}

export function judgeLockdown(facts: LockdownFacts): LockdownLine[] {
  return [
    ...fileLines(facts),
    ...facts.releases.flatMap((one) => releaseLines(facts.environment, one)),
    ...facts.servers.map((one) => templateLine(facts.environment, one)),
    ...overrideLines(facts),
    runLine(facts.run),
    lockLine(facts, null),
    ...facts.servers.map(({ name }) => lockLine(facts, name)),
  ];
}

type Told = Pick<LockdownLine, "subject" | "asks">;

const well = (told: Told, why: string): LockdownLine => ({ ...told, ok: true, why, next: null, lockable: false });
const wrong = (told: Told, why: string, next: string): LockdownLine => ({
  ...told,
  ok: false,
  why,
  next,
  lockable: false,
});

function fileLines({ file: { path, git, drift } }: LockdownFacts): LockdownLine[] {
  const subject = "environment file";
  const loose = notCommitted(path, git);
  const committed: Told = { subject, asks: "committed" };
  const unchanged: Told = { subject, asks: "unchanged" };
  return [
    loose ? wrong(committed, loose, `git add ${path}, git commit`) : well(committed, `${path} is committed`),
    drift.length > 0
      ? wrong(unchanged, drift.map(({ seen }) => seen).join("; "), `changeover up ${path}`)
      : well(unchanged, "it says what was last taken over"),
  ];
}

function releaseLines(environment: string, one: ServingRelease): LockdownLine[] {
  const { release, folder, git, served, packs } = one;
  const subject = `release ${release}`;
  if (folder === null) {
    const why = "it serves, and the environment file does not name it";
    return [wrong({ subject, asks: "committed" }, why, "name it in the environment file, then: changeover up FILE")];
  }
  const loose = notCommitted(folder, git);
  if (loose)
    return [wrong({ subject, asks: "committed" }, loose, `commit it, then: changeover lockdown ${environment}`)];
  const same = packs !== null && served.every((hash) => hash === packs);
  const why = `${served.join(", ")} serves, and ${folder} packs to ${packs ?? "nothing"}`;
  return [
    well({ subject, asks: "committed" }, `${folder} is committed`),
    same
      ? well({ subject, asks: "unchanged" }, `${packs} serves, as it is committed`)
      : wrong({ subject, asks: "unchanged" }, why, "put the folder back; what is new is a new release"),
  ];
}

function templateLine(environment: string, { name, template }: LockdownFacts["servers"][number]): LockdownLine {
  const told: Told = { subject: `server ${name}`, asks: "committed" };
  if (template === null) return well(told, "it was launched from no template");
  const next = `commit the template, then relaunch it: changeover status ${environment}`;
  if ("trouble" in template) return wrong(told, template.trouble, next);
  if (template.revision === null)
    return wrong(told, `it was launched from the head of template "${template.name}"`, next);
  return well(told, `revision ${template.revision} of template "${template.name}"`);
}

function overrideLines({ environment, overrides }: LockdownFacts): LockdownLine[] {
  if (overrides.length === 0) return [well({ subject: "overrides", asks: "committed" }, "none is open")];
  return overrides.map(({ input, level, owner, by, until }) => {
    const end = `until ${new Date(until).toISOString()}`;
    const told: Told = { subject: `override of ${input} on ${level} "${owner}"`, asks: "committed" };
    return wrong(told, `open by ${by}, ${end}`, `promote it or take it back: changeover inputs ${environment}`);
  });
}

function runLine(run: LockdownFacts["run"]): LockdownLine {
  const told: Told = { subject: "runs", asks: "at rest" };
  return run
    ? wrong(told, `"${run.id}" is ${run.state}`, `changeover watch ${run.id}`)
    : well(told, "none is in flight");
}

function lockLine({ environment, locks }: LockdownFacts, server: string | null): LockdownLine {
  const told: Told = { subject: server === null ? `environment ${environment}` : `server ${server}`, asks: "locked" };
  const lock = locks.find((one) => one.server === server);
  if (lock) return well(told, lockedBy(lock));
  const next = `changeover lockdown ${environment} --apply --why TEXT`;
  return { ...wrong(told, "it is not locked", next), lockable: true };
}
