/** What people may do with inputs: look, set, lend, drop, promote, and take an edit back exactly. */
import { placeOf } from "../model/inputs/cross-reference.ts";
import { drawFinding, traps } from "../model/inputs/findings.ts";
import { leaseFor } from "../model/inputs/override.ts";
import {
  type Chosen,
  counts,
  ENVIRONMENT,
  type HeldInput,
  type InputSet,
  isAt,
  overridesIn,
  type Place,
  promote,
  put,
  take,
} from "../model/inputs/set.ts";
import type { InputValues } from "../model/inputs/value.ts";
import { Problem } from "../model/problem.ts";
import type { Edited } from "../view/inputs.ts";
import { type Asking, edit, mustBeThere } from "./input-edits.ts";
import { type Ground, type InputParts } from "./input-ground.ts";
import { mustHoldNoSecret } from "./input-secrets.ts";
import { type InputViews, mustHaveSnapshot, openInputViews } from "./input-views.ts";

export interface InputDesk extends InputViews {
  /** At a group or a server it is a loan, with a reason and an end. */
  set(environment: string, asked: Asking & SetWish): Promise<Edited>;
  /** Of the environment's own. */
  unset(environment: string, asked: Asking & { names: string[] }): Promise<Edited>;
  /** Of what is lent, also of what has lapsed. */
  drop(environment: string, asked: Asking & Chosen): Promise<Edited>;
  /** What is lent becomes the environment's own. */
  promote(environment: string, asked: Asking & Chosen): Promise<Edited>;
  /** Puts back what was there before the edit of this number, byte for byte. */
  revert(environment: string, asked: Asking & { number: number }): Promise<Edited>;
}

export interface SetWish {
  place: Place;
  values: InputValues;
  /** How long it is lent; null for as long as is usual. */
  hours: number | null;
}

export const openInputs = (parts: InputParts): InputDesk => ({
  ...openInputViews(parts),
  set: (environment, asked) => set(parts, environment, asked),
  ...editsOf(parts),
});

async function set(parts: InputParts, environment: string, asked: Asking & SetWish): Promise<Edited> {
  const { place, values, hours, by, why } = asked;
  mustHoldNoSecret(parts.redact, environment, values, why);
  const { definition } = await parts.environments.find(environment);
  const longestHours = definition.policy.longestOverrideHours;
  const names = Object.keys(values);
  return edit(parts, environment, asked, {
    says: `set ${names.join(", ")}${ofPlace(place)}`,
    change(held, { now, ground }) {
      if (place.level !== "environment") mustBeThere(ground, environment, place.level, place.owner);
      const lease = place.level === "environment" ? null : leaseFor({ by, why, hours }, { now, longestHours });
      return put(held, place, values, lease);
    },
    warns: (held, { now, ground }) => [
      ...Object.entries(values).flatMap(([input, value]) => traps(input, value).map(drawFinding)),
      ...unheard(ground, environment, place),
      ...(place.level === "environment" ? hiddenBy(held, names, now) : []),
    ],
  });
}

const ofPlace = ({ level, owner }: Place): string => (level === "environment" ? "" : ` of ${level} ${owner}`);

/** Nobody would find out why nothing happens. */
function unheard({ servers, names }: Ground, environment: string, place: Place): string[] {
  const reached = place.level === "environment" || servers.some((one) => isAt(placeOf(one), { place }));
  if (reached || !names) return [];
  const owner = `${place.level} "${place.owner}"`;
  return [`${owner} is made from no template, so nothing reads it: changeover inputs xref ${environment}`];
}

const hiddenBy = (held: InputSet, names: string[], now: number): string[] =>
  overridesIn(held, { place: null, names })
    .filter((one) => counts(one, now))
    .map(
      ({ input, place, lease }) =>
        `${input}${ofPlace(place)} stays as it is: ${lease?.by} overrides it (${lease?.why})`,
    );

function editsOf(parts: InputParts): Pick<InputDesk, "unset" | "drop" | "promote" | "revert"> {
  return {
    async unset(environment, { names, ...asking }) {
      return edit(parts, environment, asking, {
        says: `unset ${names.join(", ")}`,
        change(held) {
          const chosen = held.filter((one) => isAt(ENVIRONMENT, one) && names.includes(one.input));
          const missing = names.filter((name) => !chosen.some(({ input }) => input === name));
          if (missing.length === 0) return take(held, chosen);
          throw nothingThere(environment, `the environment itself says nothing of ${missing.join(", ")}`);
        },
      });
    },
    drop: (environment, { place, names, ...asking }) =>
      edit(parts, environment, asking, {
        says: `drop ${ofChosen({ place, names })}`,
        whileStuck: true,
        change: (held) => take(held, mustChoose(environment, held, { place, names })),
      }),
    promote: (environment, { place, names, ...asking }) =>
      edit(parts, environment, asking, {
        says: `promote ${ofChosen({ place, names })}`,
        whileStuck: true,
        change: (held, { now }) => promoted(environment, held, { place, names }, now),
        warns: (held, { now }) =>
          overridesIn(held, { place, names })
            .filter((one) => !counts(one, now))
            .map(
              (one) =>
                `${one.input}${ofPlace(one.place)} had lapsed and was left: changeover inputs drop ${environment}`,
            ),
      }),
    async revert(environment, { number, ...asking }) {
      const wanted = await mustHaveSnapshot(parts, environment, number);
      return edit(parts, environment, asking, { says: `revert to before edit ${number}`, change: () => wanted });
    },
  };
}

const ofChosen = ({ place, names }: Chosen): string =>
  `${names ? names.join(", ") : "every override"}${place ? ofPlace(place) : ""}`;

function mustChoose(environment: string, held: InputSet, chosen: Chosen): HeldInput[] {
  const found = overridesIn(held, chosen);
  if (found.length > 0) return found;
  throw nothingThere(environment, "no override is like that");
}

const nothingThere = (environment: string, why: string): Problem =>
  new Problem("not-found", {
    what: `there is nothing to take away from the inputs of "${environment}"`,
    why,
    next: `changeover inputs ${environment}`,
  });

function promoted(environment: string, held: InputSet, chosen: Chosen, now: number): InputSet {
  if (!mustChoose(environment, held, chosen).some((one) => counts(one, now)))
    throw nothingThere(environment, "all that was chosen has lapsed, and counts for no launch");
  const { set: after, quarrels } = promote(held, chosen, now);
  const [first] = quarrels;
  if (!first) return after;
  throw new Problem("refused", {
    what: `the overrides can't all become the values of "${environment}"`,
    why: quarrels.map(({ input, owners }) => `${owners.join(" and ")} don't have the same ${input}`).join("; "),
    next: `name one of them, like changeover inputs promote ${environment} ${first.input} --server NAME, and drop the other`,
  });
}
