/** Where everything of one MariaDB server lies, and how to write such a path into a shell line. */
import { shortSocketFolder } from "../../model/socket-folder.ts";

/** All but `socket`, `pipe` and `socketDirectory` are relative to the server's directory, as the host wants them. */
export interface Paths {
  directory: string;
  data: string;
  /** A data directory that is still being made; renamed to `data` when it is whole. */
  part: string;
  temporary: string;
  config: string;
  /** Included by the config: whether the server opens and replicates when it boots. */
  state: string;
  settings: string;
  /** There while the migration account has to be kept out as soon as the server starts. */
  passageEnds: string;
  backups: string;
  socketDirectory: string;
  socket: string;
  pipe(name: string): string;
  absolute(path: string): string;
}

/** The kernel cuts a socket's path off at 108 bytes; the longest name that we put behind the folder has 14. */
const socketDirectoryMax = 75;

export function pathsIn(directory: string): Paths {
  const own = `${directory}/mariadb`;
  const socketDirectory = Buffer.byteLength(own) <= socketDirectoryMax ? own : shortSocketFolder(directory);
  return {
    directory,
    data: "mariadb/data",
    part: "mariadb/data.part",
    temporary: "mariadb/tmp",
    config: "mariadb/server.cnf",
    state: "mariadb/state.cnf",
    settings: "mariadb/settings.json",
    passageEnds: "mariadb/passage-ends",
    backups: "backups",
    socketDirectory,
    socket: `${socketDirectory}/sql.sock`,
    pipe: (name) => `${socketDirectory}/${name}.sock`,
    absolute: (path) => `${directory}/${path}`,
  };
}

export const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Debian keeps the server in a folder that ordinary users do not search. */
export const withTools = (command: string): string => `PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"; ${command}`;
