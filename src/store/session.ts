/** One long-lived connection that listens for changes, and comes back by itself when it breaks. */
import pg from "pg";

export interface SessionOptions {
  url: string;
  /** Session advisory lock held as long as the connection lives: the sign of life of a control plane. */
  lock?: number;
  channel: "changeover" | "changeover_requests";
  /** The id of the upgrade that changed; null: the connection is new, anything may have changed meanwhile. */
  onChange(upgrade: string | null): void;
  /** Before each try to connect: brings the embedded server back when it died. */
  revive?: () => Promise<unknown>;
  /** The lock is lost for this long; called once per loss, when it is over the limit. */
  lostAfterMs?: number;
  onLost?: () => void;
}

export interface Session {
  /** Null while the connection is being made again. */
  readonly client: pg.Client | null;
  close(): Promise<void>;
}

/** Locks of this kind are ours. */
const ALIVE_LOCK = 7_201;
const RETRY_MS = 300;

/** Resolves when the first connection stands; from then on it is made again for as long as it takes. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const state: { client: pg.Client | null; closed: boolean } = { client: null, closed: false };
  const keep = async (): Promise<void> => {
    const lostAt = Date.now();
    for (let told = false; !state.closed; ) {
      const client = await connect(options);
      if (client && state.closed) return client.end();
      if (client) {
        state.client = client;
        client.once("end", () => {
          state.client = null;
          if (!state.closed) void keep();
        });
        return options.onChange(null);
      }
      if (!told && options.lostAfterMs !== undefined && Date.now() - lostAt > options.lostAfterMs) {
        told = true;
        options.onLost?.();
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  };
  await keep();
  return {
    get client() {
      return state.client;
    },
    async close() {
      state.closed = true;
      await state.client?.end().catch(() => {});
    },
  };
}

async function connect({ url, channel, lock, onChange, revive }: SessionOptions): Promise<pg.Client | null> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    application_name: "changeover-session",
    // The server must notice a vanished control plane, or its lock would outlive it.
    options: "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3",
  });
  client.on("error", () => {});
  client.on("notification", ({ payload }) => payload && onChange(payload));
  try {
    await revive?.();
    await client.connect();
    if (lock !== undefined) await client.query("select pg_advisory_lock($1, $2)", [ALIVE_LOCK, lock]);
    await client.query(`listen ${channel}`);
    return client;
  } catch {
    await client.end().catch(() => {});
    return null;
  }
}

/** Runs the work only when no living control plane holds this lock, and keeps it meanwhile. */
export async function whileDead(client: pg.Client, lock: number, work: () => Promise<void>): Promise<boolean> {
  const { rows } = await client.query<{ free: boolean }>("select pg_try_advisory_lock($1, $2) as free", [
    ALIVE_LOCK,
    lock,
  ]);
  if (!rows[0]?.free) return false;
  try {
    await work();
  } finally {
    await client.query("select pg_advisory_unlock($1, $2)", [ALIVE_LOCK, lock]);
  }
  return true;
}
