/** How the activity tells what was asked of scaling groups. */
import type { Sentence } from "./activity.ts";

const on = (
  method: string,
  rest: string,
  says: (group: string, parts: Record<string, string>) => string,
): Sentence => ({
  method,
  path: new RegExp(`^/environments/(?<environment>[^/]+)/groups/(?<group>[^/]+)${rest}$`),
  says: (parts) => says(parts.group ?? "", parts),
});

export const groupSentences: readonly Sentence[] = [
  on("POST", "/(?<verb>enable|disable)", (group, { verb }) => `${verb} group "${group}"`),
  on("PUT", "/bounds", (group) => `set the bounds of group "${group}"`),
  on("POST", "/launches", (group) => `launch a server of group "${group}"`),
  on("POST", "/terminations", (group) => `terminate servers of group "${group}"`),
  on(
    "PUT",
    "/votes/(?<voter>[^/]+)",
    (group, { voter = "" }) => `vote on group "${group}" as ${decodeURIComponent(voter)}`,
  ),
  on("DELETE", "", (group) => `delete group "${group}"`),
];
