/** What two environments share: kind, value and where it stands in each; the same whichever is asked about first. */
import { printable } from "../environment-text.ts";
import type { Footprint, Intent, Place } from "./footprint.ts";
import { type Harm, kinds, type Touch } from "./kinds.ts";

export interface Side {
  environment: string;
  at: Place;
  /** What holds it, where the place alone does not say so. */
  name: string | null;
}

export interface Intersection {
  kind: string;
  harm: Harm;
  /** Never a secret's value. */
  value: string;
  left: Side;
  right: Side;
}

export function intersections(left: Footprint, right: Footprint, intent: Intent): Intersection[] {
  const side = ({ environment }: Footprint, { at, name }: Touch): Side => ({ environment, at, name: name ?? null });
  return kinds
    .filter(({ forgivenBy }) => forgivenBy === undefined || intent[forgivenBy] === null)
    .flatMap(({ kind, harm, find }) =>
      find(left, right).map((met) => ({
        ...{ kind, harm, value: printable(met.value) },
        ...{ left: side(left, met.left), right: side(right, met.right) },
      })),
    );
}

/** Those because of which an environment may not be launched. */
export const refusing = (found: readonly Intersection[], strict: boolean): Intersection[] =>
  found.filter(({ harm }) => strict || harm === "always");

/** Where a person finds it, as far as the environment alone tells. */
export const placeOf = (at: Place): string => ("key" in at ? at.key.join(".") : at.command);

/** One sentence; `where` says how each place is told, as `file:line` when the file is at hand. */
export function sayIntersection(
  { kind, value, left, right }: Intersection,
  where: (side: Side) => string = ({ at }) => placeOf(at),
): string {
  const tell = (side: Side): string => `${where(side)}${side.name === null ? "" : ` (${side.name})`}`;
  return `${kind} ${value}: ${tell(left)} here, ${tell(right)} of "${right.environment}"`;
}

/** More than these say nothing new to whoever has to mend them one by one. */
const SAID = 12;

export function sayIntersections(found: readonly Intersection[], where?: (side: Side) => string): string {
  const said = found.slice(0, SAID).map((one) => sayIntersection(one, where));
  return [...said, ...(found.length > SAID ? [`and ${found.length - SAID} more`] : [])].join("; ");
}
