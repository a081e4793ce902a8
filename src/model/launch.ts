/** What a server was launched with: kept on the server itself, whatever is changed elsewhere afterwards. */
import type { InputItem } from "./inputs/value.ts";

/**
 * Lowest first: a value at a later level wins. `group` takes the place of `server` for a server of a scaling group;
 * `launch` is what was given for one launch only.
 */
export const inputLevels = ["script", "template", "environment", "group", "server", "launch"] as const;
export type InputLevel = (typeof inputLevels)[number];

/** An immutable revision of a server template. */
export interface TemplateRef {
  name: string;
  /** Null is the head: what lies in the folder right now. Never in production. */
  revision: number | null;
  /** Content hash of everything in its folder. */
  hash: string;
}

/** What a process gets, but for values that only a starting process is given: these stand here by name. */
export type LaunchValue = InputItem | { key: string } | { array: InputItem[] };

export interface LaunchInput {
  value: LaunchValue;
  /** Where it was found, and whose it is: the script, template, environment, group or server by name. */
  level: InputLevel;
  from: string;
}

export interface Launch {
  template: TemplateRef;
  image: string | null;
  size: string | null;
  inputs: Record<string, LaunchInput>;
}
