/** Generated secrets of an environment, in one file that only its owner can read; never in our database. */
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

export interface Secrets {
  /** Made at first use: 32 letters and digits. */
  of(environment: string): (name: string) => string;
  /** Every value that was made so far. */
  values(environment: string): string[];
  /** The same, each with its name. */
  named(environment: string): [name: string, value: string][];
  /** Environments that have any. */
  environments(): string[];
  forget(environment: string): void;
}

/** Closed to everybody else; also what people set is kept in it (credentials.ts). */
export function secretsFolder(home: string): string {
  const folder = join(home, "secrets");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  return folder;
}

export function openSecrets(home: string): Secrets {
  const folder = secretsFolder(home);
  const fileOf = (environment: string) => join(folder, `${environment}.json`);
  const read = (environment: string): Record<string, string> =>
    existsSync(fileOf(environment)) ? JSON.parse(readFileSync(fileOf(environment), "utf8")) : {};
  return {
    of: (environment) => (name) => {
      const known = read(environment);
      const held = known[name];
      if (held !== undefined) return held;
      const made = randomBytes(24).toString("base64url").replace(/[-_]/g, "x");
      const beside = `${fileOf(environment)}.${process.pid}`;
      writeFileSync(beside, JSON.stringify({ ...known, [name]: made }), { mode: 0o600, flush: true });
      renameSync(beside, fileOf(environment));
      return made;
    },
    named: (environment) => Object.entries(read(environment)),
    values: (environment) => Object.values(read(environment)),
    environments: () => readdirSync(folder).flatMap((file) => /^([a-z0-9-]+)\.json$/.exec(file)?.[1] ?? []),
    forget: (environment) => rmSync(fileOf(environment), { force: true }),
  };
}
