/** What mixed clients saw, counted: each request ends once, as answered, failed or paged. */
import { openReleases, type ReleaseRun } from "./releases.ts";

/** Short GETs over kept connections and each over a new one, echoed bodies, idempotent writes, slow GETs, websockets. */
export const kinds = ["kept", "fresh", "post", "write", "slow", "socket"] as const;
export type Kind = (typeof kinds)[number];

/** `paged`: the maintenance page. `why` says what was seen instead of the right answer. */
export type Judged = { kind: "answered" } | { kind: "paged" } | { kind: "failed"; why: string };

export interface KindCount {
  sent: number;
  answered: number;
  failed: number;
  paged: number;
  /** The slowest that was answered; of websockets the slowest handshake or message. */
  slowestMs: number;
}

export interface Counted {
  kinds: Record<Kind, KindCount>;
  /** The first fifty. */
  failures: { at: number; kind: Kind; why: string }[];
  releases: ReleaseRun[];
}

const failuresKept = 50;

export interface Counts {
  sent(kind: Kind): void;
  /** `release`: the one that answered, where the answer names it. */
  ended(at: number, kind: Kind, judged: Judged, ms: number, release?: string): void;
  /** What was sent and has not ended counts as failed, and changes nothing any more. */
  close(at: number, why: string): Counted;
}

export function openCounts(): Counts {
  const none = (): KindCount => ({ sent: 0, answered: 0, failed: 0, paged: 0, slowestMs: 0 });
  const counts = Object.fromEntries(kinds.map((kind) => [kind, none()])) as Record<Kind, KindCount>;
  const failures: Counted["failures"] = [];
  const releases = openReleases();
  let closed = false;

  function fail(at: number, kind: Kind, why: string): void {
    counts[kind].failed += 1;
    if (failures.length < failuresKept) failures.push({ at, kind, why });
  }

  return {
    sent(kind) {
      counts[kind].sent += 1;
    },
    ended(at, kind, judged, ms, release) {
      if (closed) return;
      if (judged.kind === "failed") return fail(at, kind, judged.why);
      counts[kind][judged.kind] += 1;
      if (judged.kind === "paged") return;
      counts[kind].slowestMs = Math.max(counts[kind].slowestMs, Math.round(ms));
      if (release) releases.answered(at, release);
    },
    close(at, why) {
      for (const kind of closed ? [] : kinds) {
        const { sent, answered, failed, paged } = counts[kind];
        for (let open = sent - answered - failed - paged; open > 0; open--) fail(at, kind, why);
      }
      closed = true;
      return { kinds: counts, failures, releases: releases.runs() };
    },
  };
}
