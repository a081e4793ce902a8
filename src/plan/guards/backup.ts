/** Guard about the backup: one that was started once and compared, not longer ago than the policy wants. */
import { type Guard, refuses, warns } from "./guard.ts";

const HOUR = 3_600_000;

export const backupVerified: Guard = {
  name: "a backup is verified",
  finds({ definition, now, newestVerifiedBackupAt }) {
    const hours = definition.policy.verifiedBackupHours;
    const age = newestVerifiedBackupAt === null ? null : now - newestVerifiedBackupAt;
    const why = age === null ? "no backup that is there now was ever proven" : `the newest is ${words(age)} old`;
    const next = `changeover backups take ${definition.environment}`;
    if (hours === undefined) {
      return age === null ? warns(`${why}; the plan's first stage proves one`, next) : null;
    }
    return age !== null && age <= hours * HOUR ? null : refuses(`${why}; the policy wants one of ${hours} h`, next);
  },
};

const words = (ms: number): string => (ms < HOUR ? `${Math.ceil(ms / 60_000)} min` : `${(ms / HOUR).toFixed(1)} h`);
