/** The environment variables that a release's commands find; documented in docs/environment-file.md. */
import type { Install } from "../../model/application.ts";
import type { Host } from "../../model/host.ts";

export interface ApplicationSettings {
  /** Where `web` must answer. */
  port: number;
  publicHost: string;
  database: { name: string; user: string };
  prepareMs: number;
  /** Put before the host's own PATH, so that `node` is the one we run under. */
  path: string | null;
}

interface Account {
  user: string;
  secret: string;
}

export function applicationEnvironment(
  host: Pick<Host, "name" | "address">,
  settings: ApplicationSettings,
  install: Pick<Install, "release" | "inputs" | "database">,
  role: string,
  secret: (name: string) => string,
  account: Account = { user: settings.database.user, secret: "database.app" },
): Record<string, string> {
  const password = secret(account.secret);
  const { address, port } = install.database;
  return {
    ...(settings.path === null ? {} : { PATH: settings.path }),
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
    ...install.inputs,
  };
}
