/** New secrets for our accounts in a copy of another environment's database, and whose secrets open them. */
import { type Account, errorNumber, withSession } from "./wire.ts";
import { accountStatements, ownAccounts, passwordsFrom } from "./accounts.ts";
import { settingsOf, type Server } from "./server.ts";

const ACCESS_DENIED = 1045;

/** Made anew rather than changed: of what somebody granted to them by hand, nothing is left. */
export async function renewAccounts(server: Server): Promise<void> {
  const settings = await settingsOf(server);
  await server.session(async (session) => {
    // Not logged: the copy stays at the position of what it was made from.
    await session.change({ sql: "SET SESSION sql_log_bin=0" });
    for (const statement of accountStatements(settings, passwordsFrom(server.secrets))) await session.change(statement);
  });
}

export async function accountsOpenedBy(server: Server, secret: (name: string) => string): Promise<string[]> {
  const opened: string[] = [];
  for (const [user, name] of ownAccounts(await settingsOf(server))) {
    if (await opens(server, { user, password: secret(name) })) opened.push(user);
  }
  return opened;
}

async function opens(server: Server, account: Account): Promise<boolean> {
  const at = { host: server.host, clock: server.clock, socket: server.paths.socket };
  try {
    await withSession(at, account, (session) => session.read({ sql: "SELECT 1" }));
    return true;
  } catch (error) {
    if (errorNumber(error) === ACCESS_DENIED) return false;
    throw error;
  }
}
