/** What must be true of an environment that serves: one place where the whole-product tests say it. */
import type { EnvironmentStatus } from "../../src/api/contract.ts";
import type { LedgerSummary } from "../../src/model/report.ts";
import { readBook } from "../../src/ledger/book.ts";
import { waitFor } from "../../src/model/clock.ts";
import { readBlue } from "../../src/plan/blue.ts";
import { systemClock } from "../../src/run/clock.ts";

/** What people would look for after an upgrade or a way back; plain values, so that a failing test shows all of them. */
export function sightOf({ inventory, upgrade }: EnvironmentStatus) {
  const blue = readBlue(inventory);
  const { loadBalancers, databases } = inventory;
  const writable = databases.filter(({ health }) => health.writable).map(({ record }) => record.name);
  const [replica] = blue.replicas;
  return {
    release: blue.release,
    servers: blue.applications.length,
    web: [...new Set(blue.applications.map(({ roles }) => roles.web))],
    workers: blue.applications.filter(({ roles }) => roles.worker === "running").length,
    publicIs: [
      ...new Set(loadBalancers.map(({ maintenance, held }) => (maintenance ? "paged" : held ? "held" : "open"))),
    ],
    testers: loadBalancers.reduce((sum, { testers, routes }) => sum + testers + (routes.test ? 1 : 0), 0),
    unhealthy: loadBalancers.flatMap(({ record, members }) =>
      members[blue.slot].filter(({ healthy, state }) => !healthy || state !== "ready").map(() => record.name),
    ),
    writablePrimaries: writable.length,
    primaryWrites: blue.primary.health.writable,
    replicas: blue.replicas.length,
    replicaFollows: replica?.health.following === blue.primary.record.address && replica?.health.replicating,
    upgrade: upgrade?.state ?? null,
  };
}

/** An environment of this size that serves this release as if nothing had ever happened. */
export const serving = (release: string, size: { servers: number; workers: number }, upgrade: string) => ({
  release,
  ...size,
  web: ["running"],
  publicIs: ["open"],
  testers: 0,
  unhealthy: [],
  writablePrimaries: 1,
  primaryWrites: true,
  replicas: 1,
  replicaFollows: true,
  upgrade,
});

/** Nobody lost anything: what the ledger's clients saw and what the database holds. */
export const harmOf = ({ requests, writes }: Pick<LedgerSummary, "requests" | "writes">) => ({
  failed: requests.failed,
  lost: writes.lost,
  duplicated: writes.duplicated,
});
export const NO_HARM = { failed: 0, lost: 0, duplicated: 0 };

/** What clients saw instead of an answer, and when, for the message of a failing test. */
export async function failuresIn(ledger: string): Promise<string> {
  const { runs } = await readBook(ledger);
  return runs
    .filter(({ kind }) => kind === "failed")
    .map(({ from, to, count, why }) => `${new Date(from).toISOString()} for ${to - from} ms: ${count} × ${why}`)
    .join("\n");
}

/** Whether the replica reaches the primary's position; background jobs may move it a few times meanwhile. */
export async function inSync(environment: () => Promise<EnvironmentStatus>): Promise<boolean> {
  const same = await waitFor(systemClock, { withinMs: 10_000, everyMs: 200 }, async () => {
    const { primary, replicas } = readBlue((await environment()).inventory);
    return primary.position !== null && replicas[0]?.position === primary.position;
  });
  return same === true;
}
