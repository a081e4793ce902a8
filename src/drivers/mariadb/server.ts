/** One MariaDB server as the parts of the driver see it: its host, its paths, its settings, its administrator. */
import { z } from "zod";
import type { Clock } from "../../model/clock.ts";
import type { Host } from "../../model/host.ts";
import { Problem } from "../../model/problem.ts";
import { type BootState, parseState, stateConfig } from "./config.ts";
import { pathsIn, withTools, type Paths } from "./paths.ts";
import { withSession, type Session } from "./wire.ts";

const settingsSchema = z.strictObject({
  name: z.string(),
  user: z.string(),
  port: z.number(),
  serverId: z.number(),
  /** The accounts are there; before that, create() has not finished. */
  ready: z.boolean(),
  /** Server and backup that the data was restored from. */
  origin: z.string().optional(),
});

/** Kept beside the data, so that a new control plane knows what the server is. */
export type StoredSettings = z.infer<typeof settingsSchema>;

export interface Server {
  readonly host: Host;
  readonly clock: Clock;
  readonly secrets: (name: string) => string;
  readonly paths: Paths;
  /** Name of the user of the operating system, which is also the administrator's account. */
  administrator(): Promise<string>;
  /** Null before create, seedFrom or restore. */
  settings(): Promise<StoredSettings | null>;
  keepSettings(settings: StoredSettings): Promise<void>;
  /** Work as the administrator, through the unix socket. */
  session<T>(work: (session: Session) => Promise<T>): Promise<T>;
}

export const serviceName = "mariadb";

export function openServer(host: Host, clock: Clock, secrets: (name: string) => string): Server {
  const paths = pathsIn(host.directory);
  let known: string | null = null;
  const administrator = async () => {
    known ??= await readUser(host);
    return known;
  };
  return {
    host,
    clock,
    secrets,
    paths,
    administrator,
    async settings() {
      const text = await host.readFile(paths.settings);
      return text === null ? null : settingsSchema.parse(JSON.parse(text));
    },
    keepSettings: (settings) => host.putFile(paths.settings, `${JSON.stringify(settings)}\n`, 0o600),
    session: async (work) => withSession({ host, clock, socket: paths.socket }, { user: await administrator() }, work),
  };
}

export async function settingsOf(server: Server): Promise<StoredSettings> {
  const settings = await server.settings();
  if (settings) return settings;
  throw new Problem("not-found", {
    what: `"${server.host.name}" holds no database`,
    why: "it was never created, seeded or restored there",
    next: "changeover status",
  });
}

export const readState = async (server: Server): Promise<BootState> =>
  parseState(await server.host.readFile(server.paths.state));

export async function keepState(server: Server, state: BootState): Promise<void> {
  const text = stateConfig(state);
  if ((await server.host.readFile(server.paths.state)) !== text) await server.host.putFile(server.paths.state, text);
}

async function readUser(host: Host): Promise<string> {
  const asked = await host.exec("id -un", { timeoutMs: 10_000, reading: true });
  if (asked.code === 0) return asked.stdout.trim();
  throw new Problem("unhealthy", {
    what: `the user of "${host.name}" has no name`,
    why: asked.stderr.trim() || "id -un failed",
    next: "run Changeover as a user that is listed in /etc/passwd: its name is the database's administrator",
  });
}

const tools: Record<string, string> = {
  mariadbd: "mariadb-server-core",
  "mariadb-install-db": "mariadb-server-core",
  "mariadb-backup": "mariadb-backup",
  mbstream: "mariadb-backup",
  "mariadb-binlog": "mariadb-client",
  perl: "perl-base",
  tar: "tar",
};

/**
 * True when nothing of the server runs and nothing will start it. Only then its files tell everything: one that the
 * host calls failing may be up again already, with what its files said when it booted.
 */
export async function isDown(server: Server): Promise<boolean> {
  const { state } = await server.host.serviceState(serviceName);
  return state === "absent" || state === "stopped";
}

/** A Problem of kind "unreachable" when it does not answer: better than what a tool prints about it. */
export const requireAnswer = (server: Server): Promise<void> =>
  server.session(async (session) => void (await session.read({ sql: "SELECT 1" })));

export async function requireTools(server: Server): Promise<void> {
  const names = Object.keys(tools).join(" ");
  const look = withTools(`for tool in ${names}; do command -v "$tool" >/dev/null || echo "$tool"; done`);
  const asked = await server.host.exec(look, { timeoutMs: 10_000, reading: true });
  const missing = asked.stdout.split("\n").filter((line) => line !== "");
  if (asked.code === 0 && missing.length === 0) return;
  const packages = [...new Set(missing.map((tool) => tools[tool] ?? tool))];
  throw new Problem("missing-tool", {
    what: `"${server.host.name}" lacks ${missing.join(", ") || "a shell"}`,
    why: asked.stderr.trim() || "not found in PATH, /usr/local/sbin, /usr/sbin or /sbin",
    next: `apt-get install --no-install-recommends ${packages.join(" ")}`,
  });
}
