/** What the database contract needs of a world to be run in: servers, clients of them, and a hand to break things. */
import { type Clock, waitFor } from "../../../src/model/clock.ts";
import type { Database, DatabaseHealth, DatabaseSettings } from "../../../src/model/database.ts";

/** As the application has it, or its migration. */
export type Account = "app" | "migrate";

export interface Client {
  /** False when the server refused it, or the connection is cut. */
  write(key: string): Promise<boolean>;
  begin(): Promise<void>;
  commit(): Promise<boolean>;
  /** Whether the connection still stands. */
  stands(): Promise<boolean>;
  end(): Promise<void>;
}

export interface DatabaseWorld {
  clock: Clock;
  settings: DatabaseSettings;
  secret(name: string): string;
  /** SQL whose first column is the keys of all rows. */
  find: string;
  /** A bare server: nothing was created on it. */
  launch(name: string): Promise<Database>;
  connect(database: Database, account: Account): Promise<Client>;
  /** Makes the table of the rows, the first time, then adds a column of this name; false when the server refused it. */
  changeSchema(database: Database, account: Account, name: string): Promise<boolean>;
  /** The server's process is killed with -9, and its supervisor has started it again. */
  kill(database: Database): Promise<void>;
  /** The same server, spoken to by a control plane that dies right before it keeps on disk that the server does this. */
  dyingBeforeKept(database: Database, what: "opens" | "follows"): Promise<Database>;
  /** The same server, spoken to by the control plane of another environment, whose secrets are other ones. */
  elsewhere(database: Database): Promise<{ database: Database; secret(name: string): string }>;
  /** Somebody who can't be cut holds the server's tables until told to let go. */
  hold(database: Database): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

export type Setting = () => DatabaseWorld;

let counted = 0;
/** A server of its own for one test. */
export function launch(world: DatabaseWorld): Promise<Database> {
  counted += 1;
  return world.launch(`db-${counted}`);
}

/** Servers that tests share, since each costs seconds; a test leaves them so that the next one can put them in order. */
const shared = new WeakMap<DatabaseWorld, { primary?: Database; replica?: Database; spare?: Database }>();

function sharedOf(world: DatabaseWorld) {
  const held = shared.get(world) ?? {};
  shared.set(world, held);
  return held;
}

/** Made fenced and empty by whoever is first to ask, and opened unless it is wanted as it is. */
export async function primaryOf(world: DatabaseWorld, state: "open" | "as it is" = "open"): Promise<Database> {
  const held = sharedOf(world);
  if (!held.primary) {
    held.primary = await launch(world);
    await held.primary.create(world.settings, 1);
  }
  if (state === "open") await held.primary.unfence();
  return held.primary;
}

/** Follows the primary unless it is wanted as it is. */
export async function replicaOf(
  world: DatabaseWorld,
  state: "following" | "as it is" = "following",
): Promise<Database> {
  const held = sharedOf(world);
  held.replica ??= await launch(world);
  if (state === "following") await held.replica.seedFrom(await primaryOf(world, "as it is"));
  return held.replica;
}

export async function spareOf(world: DatabaseWorld): Promise<Database> {
  const held = sharedOf(world);
  held.spare ??= await launch(world);
  return held.spare;
}

/** One write on a connection of its own. */
export async function write(
  world: DatabaseWorld,
  database: Database,
  key: string,
  account: Account = "app",
): Promise<boolean> {
  const client = await world.connect(database, account);
  const taken = await client.write(key);
  await client.end();
  return taken;
}

export const keysOf = (world: DatabaseWorld, database: Database): Promise<string[]> =>
  database.readColumn(world.find).then((keys) => keys.sort());

export async function eventually<T>(
  { clock }: DatabaseWorld,
  what: string,
  look: () => Promise<T | null | false>,
): Promise<T> {
  const seen = await waitFor(clock, { withinMs: 20_000, everyMs: 25 }, look);
  if (seen === null) throw new Error(`it never came: ${what}`);
  return seen;
}

export const reached = async (copy: Database, source: Database): Promise<boolean> =>
  copy.awaitPosition(await source.position(), 10_000);

/** What is the same in all worlds while a server does what it should. */
export const fenced: Partial<DatabaseHealth> = { running: true, writable: false, bootsWritable: false };
export const alone: Partial<DatabaseHealth> = { following: null, replicating: false, bootsFollowing: false };
export const open: Partial<DatabaseHealth> = { running: true, writable: true, bootsWritable: true, ...alone };
export const following = ({ address }: Database): Partial<DatabaseHealth> => ({
  ...fenced,
  following: address,
  replicating: true,
  bootsFollowing: true,
  error: null,
});

/** Writes one row after the other until it is told to stop; gives the keys that were acknowledged. */
export function writeAlong(world: DatabaseWorld, client: Client): { stop(): Promise<string[]> } {
  const acknowledged: string[] = [];
  let on = true;
  const running = (async () => {
    for (let turn = 0; on && turn < 100_000; turn += 1) {
      const key = `along-${String(turn).padStart(6, "0")}`;
      if (!(await client.write(key))) return;
      acknowledged.push(key);
      await world.clock.sleep(3);
    }
  })();
  return {
    async stop() {
      on = false;
      await running;
      return acknowledged;
    },
  };
}
