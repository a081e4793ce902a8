/** The environment variables that a release's commands find; documented in docs/environment-file.md. */
import { posix } from "node:path";
import type { Install } from "../../model/application.ts";
import { valuesOf } from "../../model/credential.ts";
import type { Host } from "../../model/host.ts";
import { give, LAUNCH_FILE, launchValues, readLaunch } from "../../model/template/process-inputs.ts";

/** Folder of the release, in the server's own directory. */
export const RELEASE = "release";

export interface ApplicationSettings {
  /** Where `web` must answer. */
  port: number;
  publicHost: string;
  database: { name: string; user: string };
  prepareMs: number;
  /** Put before the host's own PATH, so that `node` is the one we run under. */
  path: string | null;
  /** It runs on a clone: it must reach nobody outside. */
  rehearsal: boolean;
}

/** Values that only a starting process is given. */
export interface Vault {
  secret(name: string): string;
  credential(name: string): string;
  /** What the application answers may repeat them. */
  redact(text: string): string;
}

/** Of a server without a template: nothing. Keys are written where the process is told to find them. */
export async function launchedWith(host: Host, vault: Vault): Promise<Record<string, string>> {
  const kept = readLaunch(await host.readFile(LAUNCH_FILE));
  if (!kept) return {};
  const { env, keys } = give(launchValues(kept), { directory: host.directory, credential: vault.credential });
  for (const { path, content } of keys) await host.putFile(path, content, 0o600);
  return env;
}

export interface Account {
  user: string;
  secret: string;
}

export function applicationEnvironment(
  host: Pick<Host, "name" | "address" | "directory">,
  settings: ApplicationSettings,
  install: Pick<Install, "release" | "inputs" | "runtime" | "database">,
  role: string,
  vault: Vault,
  /** What the server was launched with goes before what the release says. */
  launched: Record<string, string>,
  account: Account = { user: settings.database.user, secret: "database.app" },
): Record<string, string> {
  const password = vault.secret(account.secret);
  const { address, port } = install.database;
  return {
    ...searchPath(host, settings, install),
    HOST: host.address,
    PORT: String(settings.port),
    SERVER_NAME: host.name,
    ROLE: role,
    RELEASE: install.release,
    DATABASE_HOST: address,
    DATABASE_PORT: String(port),
    DATABASE_NAME: settings.database.name,
    DATABASE_USER: account.user,
    DATABASE_PASSWORD: password,
    DATABASE_URL: `mysql://${account.user}:${encodeURIComponent(password)}@${address}:${port}/${settings.database.name}`,
    ...valuesOf(install.inputs, vault.credential),
    ...launched,
    // Last, because no release may overrule it.
    ...(settings.rehearsal ? { REHEARSAL: "1" } : {}),
  };
}

/** The release's own runtime comes first. */
function searchPath(
  { directory }: Pick<Host, "directory">,
  { path }: ApplicationSettings,
  { runtime }: Pick<Install, "runtime">,
): { PATH?: string } {
  const own = runtime?.path ? [posix.resolve(directory, RELEASE, runtime.path)] : [];
  const all = [...own, ...(path === null ? [] : [path])];
  if (all.length === 0) return {};
  return {
    PATH: [...all, ...(path === null ? ["/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"] : [])].join(
      ":",
    ),
  };
}
