/** What people see of an environment's backups: each with whether it was ever proven, the schedule, and what was asked. Pure. */
import { type Backup, type HeldBackup, isVerified } from "../model/backup.ts";
import { oneLine } from "./ladder.ts";

export interface BackupView extends Omit<Backup, "content"> {
  server: string;
  kept: string | null;
  proven: boolean;
  /** Who asked for it; null when nobody here remembers. */
  by: string | null;
}

export interface BackupRequestView {
  verb: string;
  by: string;
  at: number;
  backup: string | null;
  upgrade: string | null;
  state: string | null;
  why: string | null;
}

export interface ScheduleView {
  /** Null: the file wishes for none. */
  everyHours: number | null;
  /** Servers that say that they run. */
  on: string[];
  suspended: boolean;
  /** When the next one is due; in the past when it waits for something. Null without a schedule. */
  nextAt: number | null;
}

export interface BackupsView {
  environment: string;
  schedule: ScheduleView;
  /** Newest first. */
  backups: BackupView[];
  /** What was asked lately, newest first. */
  requests: BackupRequestView[];
}

export interface BackupFacts {
  environment: string;
  schedule: ScheduleView;
  held: readonly HeldBackup[];
  /** Who asked for which upgrade. */
  askers: ReadonlyMap<string, string>;
  requests: readonly BackupRequestView[];
}

const REQUESTS = 10;

export function viewBackups({ environment, schedule, held, askers, requests }: BackupFacts): BackupsView {
  const owner = (id: string) => [...askers.keys()].find((upgrade) => id.startsWith(`${upgrade}-`));
  return {
    environment,
    schedule,
    backups: held
      .map(({ server, kept, backup: { content: _, ...backup } }) => ({
        server,
        kept,
        ...backup,
        proven: isVerified({ ...backup, content: null }),
        by: askers.get(owner(backup.id) ?? "") ?? null,
      }))
      .sort((left, right) => right.takenAt - left.takenAt || left.id.localeCompare(right.id)),
    requests: requests.slice(0, REQUESTS).map(({ verb, by, at, backup, upgrade, state, why }) => ({
      ...{ verb, by, at, backup, upgrade, state, why },
    })),
  };
}

export function drawBackups(view: BackupsView): string[] {
  const lines = [drawSummary(view), ...view.backups.map((one) => `  ${drawBackup(one, view.environment)}`)];
  const failed = view.requests.filter(isFailure);
  if (failed.length > 0) lines.push("", "What did not end well:", ...failed.map((one) => `  ${drawRequest(one)}`));
  return lines;
}

/** One line for `changeover status`; a second one when the last try failed. */
export function drawBackupSummary(view: BackupsView): string[] {
  const [last] = view.requests.filter(({ verb }) => verb === "take");
  return [drawSummary(view), ...(last && isFailure(last) ? [`  ${drawRequest(last)}`] : [])];
}

function drawSummary({ environment, schedule, backups }: BackupsView): string {
  const newest = backups.find(({ proven, kept }) => proven && kept === null);
  const many = backups.length === 1 ? "1 backup" : `${backups.length} backups`;
  const proof = newest ? `newest proven one ${newest.id} of ${time(newest.takenAt)}` : "NONE is proven";
  return `${environment}: ${many}, ${proof}; ${drawSchedule(schedule)}`;
}

function drawSchedule({ everyHours, suspended, nextAt, on }: ScheduleView): string {
  if (everyHours === null) return "no schedule";
  if (suspended) return `the schedule (every ${everyHours} h) is suspended`;
  const where = on.length > 0 ? ` on ${on.join(", ")}` : "";
  return `every ${everyHours} h${where}, next ${nextAt ? `after ${time(nextAt)}` : "at once"}`;
}

function drawBackup(one: BackupView, environment: string): string {
  const size = `${(one.bytes / 1_048_576).toFixed(1)} MB`;
  const why = one.by === null || one.by === one.why ? one.why : `${one.why} (${one.by})`;
  const kept = one.kept === null ? "" : ` · its server is kept for ${one.kept} and goes with the next upgrade`;
  const lineage = one.lineage === null || one.lineage === environment ? "" : ` · lineage ${one.lineage}`;
  return `${one.id.padEnd(28)} ${one.server.padEnd(8)} ${time(one.takenAt)} ${size.padStart(9)}  ${why.padEnd(18)} ${drawProof(one)}${lineage}${kept}`;
}

function drawProof({ verified, failed }: BackupView): string {
  if (failed) return `FAILED ${time(failed.at)}: ${oneLine(failed.why)}`;
  if (!verified) return "NOT PROVEN: only taken";
  const { at, against, tables, rows } = verified;
  const by = against === "source" ? "its source" : "its record";
  return `proven ${time(at)} against ${by}: ${tables} tables, ${rows} rows`;
}

const isFailure = ({ upgrade, state }: BackupRequestView): boolean =>
  upgrade === null || state === "rolled-back" || state === "stuck";

function drawRequest({ verb, backup, by, at, upgrade, state, why }: BackupRequestView): string {
  const what = `${verb}${backup === null ? "" : ` ${backup}`}, asked by ${by} ${time(at)}`;
  return `✗ ${what}: ${upgrade === null ? "refused" : `${upgrade} ${state}`}${why === null ? "" : ` · ${oneLine(why)}`}`;
}

const time = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
