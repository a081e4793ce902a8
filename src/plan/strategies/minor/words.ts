/** What the stages of a minor upgrade say of their way back, and the names that they share. */
import type { Cast } from "./cast.ts";

export const FREE = "undo the steps: the public never left the old release; costs nothing";
export const STAYS = "undo the steps; what was added to the schema stays, and the old release was proven on it";
export const BACK =
  "lead the public back to the old servers, which still run; 0 failed requests, the database untouched";
export const AGAIN =
  "start the old servers again and lead the public back to them; 0 failed requests, the database untouched";
export const IN_PLACE =
  "batch by batch the release before comes back, drained and probed; 0 failed requests, the database untouched";
export const NONE = "none: the old servers are being retired; another upgrade can bring their release back";

export const oldNames = ({ pairs }: Cast): string[] => pairs.map(({ old }) => old.name);
export const namesOf = ({ pairs }: Cast): string[] => pairs.map(({ next }) => next.name);
