/** Where the parts of a simulated server do their work. */
import type { SimulatedClock } from "./clock.ts";
import type { Files } from "./host-files.ts";
import type { Processes } from "./host-processes.ts";

export interface Place {
  fleet: { clock: SimulatedClock; files: Files; processes: Processes };
  directory: string;
  /** Belongs to every process of the server. */
  mark: string;
}

/** An absolute folder is taken as it is; null when there is no such folder. */
export function folderIn({ directory, fleet }: Place, cwd: string | undefined): string | null {
  if (cwd === undefined || cwd === "" || cwd === ".") return directory;
  const folder = cwd.startsWith("/") ? cwd : `${directory}/${cwd}`;
  return folder === directory || fleet.files.hasFolder(folder) ? folder : null;
}
