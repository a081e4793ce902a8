/** What people may do with a scaling group themselves: more than it may by itself, but never beyond its bounds. Pure. */
import { drawDisabled, type GroupPicture } from "./life.ts";

/** Null when so many more may be launched, else why not. */
export function whyNotLaunch({ hindrance, members, bounds }: GroupPicture, servers: number): string | null {
  if (hindrance !== null) return hindrance;
  if (members.length + servers <= bounds.max) return null;
  return `it has ${members.length}, and ${servers} more are beyond ${bounds.max}, the most by ${bounds.from}`;
}

/** Of a disabled group every server may go, and stays gone; an enabled one would launch others in their place. */
export function whyNotTerminate(seen: GroupPicture, names: readonly string[]): string | null {
  const { hindrance, members, bounds, state } = seen;
  if (hindrance !== null) return hindrance;
  for (const name of names) {
    const member = members.find((one) => one.name === name);
    if (!member)
      return `"${name}" is none of its servers: ${members.map((one) => one.name).join(", ") || "it has none"}`;
    if (member.locked !== null) return `"${name}" is locked by ${member.locked}`;
  }
  const left = members.length - names.length;
  if (!state.enabled || left >= bounds.min) return null;
  return `${left} would be left, ${bounds.min} is the least by ${bounds.from}: it is enabled, and would launch another`;
}

/** Null when it may be deleted. */
export function whyNotDelete({ hindrance, members, state }: GroupPicture): string | null {
  if (hindrance !== null) return hindrance;
  if (state.enabled) return "it is enabled";
  if (members.length === 0) return null;
  return `it is ${drawDisabled(state)}, but has ${members.map(({ name }) => name).join(", ")}`;
}
