/** What changes a simulated database for good: live and on its disk, one after the other, in the order of the real driver. */
import type { Endpoint } from "../../model/load-balancer.ts";
import { Problem } from "../../model/problem.ts";
import type { DatabaseServer } from "./database-server.ts";

export type Act = <T>(what: string, takesMs: number, work: (on: DatabaseServer) => T) => Promise<T>;

const still = { open: false, following: false };

export async function fence(act: Act): Promise<void> {
  await act("keep closed", 5, (on) => on.bootAs({ open: false, following: on.bootsFollowing }));
  await act("fence", 10, (on) => {
    on.setOpen(false);
    on.migrationAllowed = false;
  });
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

export async function follow(act: Act, primary: Endpoint): Promise<void> {
  const already = await act("keep still", 3, (on) => {
    refuseWritable(running(on), "follow another server");
    if (on.follows?.address === primary.address && on.parted === null && on.bootsFollowing) return true;
    on.bootAs(still);
    return false;
  });
  if (already) return;
  await act("follow", 15, (on) => running(on).follow({ address: primary.address, port: primary.port }));
  await act("keep following", 2, (on) => on.bootAs({ open: false, following: true }));
}

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
