/** The migration account's passage through the fence: one privilege, on one server, for as long as a migration runs. */
import { Problem } from "../../model/problem.ts";
import { isMigration, migrationUser } from "./accounts.ts";
import { clients, endAll } from "./clients.ts";
import { settingsOf, type Server } from "./server.ts";
import type { Session } from "./wire.ts";

export const allowMigration = (server: Server, on: boolean): Promise<void> =>
  server.session((session) => (on ? openPassage(server, session) : closePassage(server, session)));

async function openPassage(server: Server, session: Session): Promise<void> {
  // A start that was broken off may have left this behind; the next one would end what is opened here.
  await server.host.remove(server.paths.passageEnds);
  await grant(server, session, "GRANT READ ONLY ADMIN ON *.* TO ?@'%'", true);
}

/**
 * Revoked even from routines that the account defined: they write with its rights. A connection keeps the rights that
 * it logged in with, so those that are there are cut.
 */
async function closePassage(server: Server, session: Session): Promise<void> {
  await revokePassage(server, session);
  const settings = await settingsOf(server);
  const theirs = (await clients(server, session)).filter((row) => isMigration(row, settings));
  await endAll(server, session, theirs);
}

export const revokePassage = (server: Server, session: Session): Promise<void> =>
  grant(server, session, "REVOKE READ ONLY ADMIN ON *.* FROM ?@'%'", false);

/** A server that is fenced while it is down can't be told: it is told when it starts, before its start has ended. */
export const closePassageAtStart = ({ host, paths }: Server): Promise<void> => host.putFile(paths.passageEnds, "");

export async function closePassageIfDue(server: Server): Promise<void> {
  const { host, paths } = server;
  if ((await host.readFile(paths.passageEnds)) === null) return;
  await server.session((session) => closePassage(server, session));
  await host.remove(paths.passageEnds);
}

async function grant(server: Server, session: Session, sql: string, wanted: boolean): Promise<void> {
  const user = migrationUser(await settingsOf(server));
  if ((await isGranted(session, user)) === wanted) return;
  // Not logged, nor what follows in this session, which is nothing that is: a replica or standby must not learn of it,
  // and a fenced server's position must not move.
  await session.change({ sql: "SET SESSION sql_log_bin=0" });
  await session.change({ sql, values: [user] });
  if ((await isGranted(session, user)) === wanted) return;
  throw new Problem("step-failed", {
    what: `"${server.host.name}" did not change what its migration account may do`,
    why: `READ ONLY ADMIN of ${user} should be ${wanted ? "granted" : "revoked"}`,
    next: "changeover status, then try again",
  });
}

/** Granted by one spelling and listed by the other. */
async function isGranted(session: Session, user: string): Promise<boolean> {
  const rows = await session.read({
    sql:
      "SELECT 1 AS granted FROM information_schema.USER_PRIVILEGES" +
      " WHERE GRANTEE=CONCAT('''', ?, '''@''%''') AND PRIVILEGE_TYPE IN ('READ_ONLY ADMIN', 'READ ONLY ADMIN')",
    values: [user],
  });
  return rows.length > 0;
}
