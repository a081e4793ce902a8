/** What changes a simulated database for good: live and on its disk, one after the other, in the order of the real driver. */
import { waitFor } from "../../model/clock.ts";
import type { Endpoint } from "../../model/load-balancer.ts";
import { Problem } from "../../model/problem.ts";
import type { ControlPlane } from "./acting.ts";
import type { DatabaseServer } from "./database-server.ts";

export type Act = <T>(what: string, takesMs: number, work: (on: DatabaseServer) => T) => Promise<T>;

/** What waiting for a replica takes besides. */
export interface Following {
  act: Act;
  plane: Pick<ControlPlane, "clock">;
  server(): DatabaseServer;
}

const FOLLOW_MS = 15_000;
/** Two tries to get past whoever holds the tables. */
const REFUSED_FENCE_MS = 6_000;

const still = { open: false, following: false };

export async function fence(act: Act): Promise<void> {
  await act("keep closed", 5, (on) => on.bootAs({ open: false, following: on.bootsFollowing }));
  const refusal = await act("fence", 10, (on) => {
    if (on.writable && on.heldBy) return heldOpen(on.name, on.heldBy);
    on.migrationAllowed = false;
    on.setOpen(false);
    on.cut();
    return null;
  });
  if (refusal === null) return;
  await act("stay open", REFUSED_FENCE_MS, (on) => on.bootAs({ open: true, following: false }));
  throw refusal;
}

export async function unfence(act: Act): Promise<void> {
  await act("unfence", 3, (on) => openAgain(running(on)));
  await act("keep open", 2, (on) => on.bootAs({ open: true, following: false }));
}

export async function promote(act: Act): Promise<void> {
  await act("keep closed", 5, (on) => {
    if (!running(on).open) on.bootAs(still);
  });
  await act("promote", 8, (on) => {
    running(on).follow(null);
    on.setOpen(true);
  });
  await act("keep open", 2, (on) => on.bootAs({ open: true, following: false }));
}

export async function follow({ act, plane, server }: Following, primary: Endpoint): Promise<void> {
  const already = await act("keep still", 3, (on) => {
    refuseWritable(running(on), "follow another server");
    if (followsWell(on, primary)) return true;
    on.bootAs(still);
    return false;
  });
  if (already) return;
  await act("follow", 15, (on) => running(on).follow({ address: primary.address, port: primary.port }));
  await waitFor(
    plane.clock,
    { withinMs: FOLLOW_MS, everyMs: 25 },
    async () => server().replicating || server().parted !== null,
  );
  if (!server().replicating) {
    const { parted } = server();
    await act("detach", 7, (on) => on.follow(null));
    throw cannotFollow(server(), primary, parted);
  }
  await act("keep following", 2, (on) => on.bootAs({ open: false, following: true }));
}

export const followsWell = (server: DatabaseServer, { address, port }: Endpoint): boolean =>
  server.follows?.address === address && server.follows.port === port && server.replicating && server.bootsFollowing;

export async function freeze(act: Act): Promise<void> {
  await act("keep still", 3, (on) => {
    refuseWritable(running(on), "be frozen");
    on.bootAs(still);
  });
  await act("freeze", 7, (on) => running(on).follow(null));
}

export const allow = (act: Act, on: boolean): Promise<void> =>
  act(on ? "let the migration through" : "stop the migration's account", 5, (server) => {
    running(server).migrationAllowed = on;
    if (!on) server.cut("migration");
  });

export function running(server: DatabaseServer): DatabaseServer {
  if (server.up) return server;
  throw new Problem("unreachable", {
    what: `"${server.name}" can't be asked`,
    why: "its database does not run",
    next: "changeover status",
  });
}

function openAgain(server: DatabaseServer): void {
  if (server.follows) {
    throw new Problem("refused", {
      what: `"${server.name}" can't be opened`,
      why: `it follows ${server.follows.address}, which may take writes as well`,
      next: "promote it if it is to be the primary",
    });
  }
  server.migrationAllowed = false;
  server.setOpen(true);
}

function refuseWritable(server: DatabaseServer, doing: string): void {
  if (server.open) throw servesStill(server, doing);
}

export const servesStill = ({ name }: DatabaseServer, doing: string): Problem =>
  new Problem("refused", {
    what: `"${name}" takes writes and can't ${doing}`,
    why: "it may be the primary in service",
    next: "fence it first: changeover status shows who serves",
  });

const heldOpen = (name: string, by: string): Problem =>
  new Problem("timed-out", {
    what: `"${name}" could not be fenced within ${REFUSED_FENCE_MS / 1000} s`,
    why: `something holds its tables: ${by}`,
    next: "end it, then try again; until then the server takes writes as before",
  });

const cannotFollow = ({ name }: DatabaseServer, { address }: Endpoint, parted: string | null): Problem =>
  new Problem(parted === null ? "unreachable" : "refused", {
    what: `"${name}" can't follow ${address}`,
    why: parted ?? `it did not answer within ${FOLLOW_MS / 1000} s`,
    next: parted === null ? "changeover status" : "seed it again from the primary",
  });
