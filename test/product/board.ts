/** A tiny environment for whole-product tests: the notice board of examples/, with more releases, good and bad ones. */
import { chmodSync, cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";

const EXAMPLE = join(import.meta.dirname, "../../examples/bring-your-own");
const [OLD, NEW] = ["2024.1", "2024.2"];

interface Release {
  artefact: string;
  start: { web: string };
  migrate?: string;
}

export interface BoardFile {
  environment: string;
  port: number;
  releases: Record<string, Release>;
  limits: Record<string, number>;
  ledger: Record<string, unknown>;
  [key: string]: unknown;
}

/** Each run of a migrate command leaves a row here, besides what the application's own tool remembers. */
export const RUNS = "migrate_runs";

/** Says that it runs, takes its time, then does what the example does. */
const countedMigrate = `#!/bin/sh
set -eu
cd "$(dirname "$0")"
. ./settings.sh
MYSQL_PWD="$DB_SECRET" mariadb --no-defaults --protocol=tcp --host="$DB_ADDR" --port="$DB_PORT" --user="$DB_LOGIN" \\
  "$DB_SCHEMA" -e "CREATE TABLE IF NOT EXISTS ${RUNS} (release_name VARCHAR(40), at DATETIME(3));
    INSERT INTO ${RUNS} VALUES ('$RELEASE', UTC_TIMESTAMP(3))"
sleep "\${1:-0}"
exec ./migrate.sh
`;

/** Writes the environment file and its releases into the folder; gives the file's path. */
export function writeBoard(folder: string, change: (file: BoardFile) => void = () => {}): string {
  for (const release of [OLD, NEW]) {
    cpSync(join(EXAMPLE, release), join(folder, release), { recursive: true });
    const script = join(folder, release, "counted.sh");
    writeFileSync(script, countedMigrate);
    chmodSync(script, 0o755);
  }
  const file = parse(readFileSync(join(EXAMPLE, "environment.yaml"), "utf8")) as BoardFile;
  const start = { web: "exec ./start.sh" };
  file.releases = {
    [OLD]: { artefact: OLD, start, migrate: "./counted.sh" },
    [NEW]: { artefact: NEW, start, migrate: "./counted.sh 1.5" },
    /** Its migration never ends. */
    hangs: { artefact: NEW, start, migrate: "./counted.sh 600" },
    /** Its migration says that all is well and does nothing. */
    lies: { artefact: NEW, start, migrate: "true" },
    /** It starts and never answers. */
    mute: { artefact: NEW, start: { web: "exec sleep 600" }, migrate: "./counted.sh" },
  };
  // Each request starts a database client, and the tests share two cores.
  Object.assign(file.ledger, { writesPerSecond: 4, readsPerSecond: 4 });
  change(file);
  const path = join(folder, "environment.yaml");
  writeFileSync(path, stringify(file));
  return path;
}
