/** Credentials of each environment: set by people, sealed in a file that only its owner can read; never in our database. */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { secretsFolder } from "./secrets.ts";
import { openSeal, type Seal } from "./seal.ts";

export interface Credentials {
  /** True when there was one of this name. */
  set(environment: string, name: string, value: string): boolean;
  names(environment: string): string[];
  /** Null when there is none of this name. */
  value(environment: string, name: string): string | null;
  /** False when there was none. Its values are gone then, for redaction, too. */
  remove(environment: string, name: string): boolean;
  /** For leaving them out of texts: also the values before, which processes may still run with. */
  values(environment: string): string[];
  /** Environments that have any. */
  environments(): string[];
  forget(environment: string): void;
}

/** Sealed; the newest first. */
type Kept = Record<string, string[]>;

const ENDING = ".credentials.json";
/** Values before the present one that are kept for redaction. */
const FORMER = 3;

export function openCredentials(home: string): Credentials {
  const folder = secretsFolder(home);
  // Beside the folder and not in it: a copy of what is sealed is no use without this file.
  const seal = openSeal(join(home, "credentials.key"));
  const fileOf = (environment: string) => join(folder, `${environment}${ENDING}`);
  const read = (environment: string): Kept => readKept(fileOf(environment));
  const write = (environment: string, kept: Kept): void => {
    const beside = `${fileOf(environment)}.${process.pid}`;
    writeFileSync(beside, JSON.stringify(kept), { mode: 0o600, flush: true });
    renameSync(beside, fileOf(environment));
  };
  return {
    set(environment, name, value) {
      const kept = read(environment);
      const before = kept[name] ?? [];
      const sealed = seal.close(value, placeOf(environment, name));
      write(environment, Object.assign(kept, { [name]: [sealed, ...before].slice(0, 1 + FORMER) }));
      return before.length > 0;
    },
    names: (environment) => Object.keys(read(environment)).sort(),
    value(environment, name) {
      const [newest] = read(environment)[name] ?? [];
      return newest === undefined ? null : seal.open(newest, placeOf(environment, name));
    },
    remove(environment, name) {
      const kept = read(environment);
      if (!kept[name]) return false;
      delete kept[name];
      write(environment, kept);
      return true;
    },
    values: (environment) =>
      Object.entries(read(environment)).flatMap(([name, sealed]) =>
        sealed.flatMap((one) => openOrNothing(seal, one, placeOf(environment, name))),
      ),
    environments: () =>
      readdirSync(folder).flatMap((file) => (file.endsWith(ENDING) ? [file.slice(0, -ENDING.length)] : [])),
    forget: (environment) => rmSync(fileOf(environment), { force: true }),
  };
}

const placeOf = (environment: string, name: string): string => `"${name}" of "${environment}"`;

/** Names are the user's: none may be taken for what every object has. */
function readKept(file: string): Kept {
  const kept: Kept = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  return Object.assign(Object.create(null), kept);
}

/** What can't be opened was never handed out since, and can't be looked for. */
function openOrNothing(seal: Seal, sealed: string, place: string): string[] {
  try {
    return [seal.open(sealed, place)];
  } catch {
    return [];
  }
}
