/** What one environment touches, as far as it is written down here: all that two environments are compared by. */
import { createHmac, randomBytes } from "node:crypto";
import type { EnvironmentDefinition } from "../environment.ts";

/** Where something stands that a person can change: a key of the environment file, or what a command set. */
export type Place = { key: readonly string[] } | { command: string };

export interface PlacedText {
  at: Place;
  /** How people call it: the name of an input. */
  name: string;
  text: string;
}

/** A value that nobody is shown: it can be compared and looked for, not read. */
export interface Sealed {
  name: string;
  /** The same for the same value, within one process. */
  digest: string;
  standsIn(text: string): boolean;
  /** Asked about the value itself; must give nothing away but yes or no. */
  holds(what: (text: string) => boolean): boolean;
}

export interface Footprint {
  environment: string;
  definition: EnvironmentDefinition;
  /** The beginning of all its addresses; null while none was chosen. */
  network: string | null;
  /** Inputs that our own store holds, beside those of the file. */
  inputs: PlacedText[];
  credentials: Sealed[];
  /** Those that we made ourselves. */
  secrets: Sealed[];
}

/** What is around an environment: itself, and every other one that this control plane knows and that stays. */
export interface Neighbours {
  own: Footprint;
  others: Footprint[];
}

/** Of this process only: a digest that got out tells nobody anything. */
const KEY = randomBytes(32);

export const seal = (name: string, value: string): Sealed => ({
  name,
  digest: createHmac("sha256", KEY).update(value.trim()).digest("hex"),
  standsIn: (text) => text.includes(value.trim()),
  holds: (what) => what(value),
});

/** Backups of one lineage are versions of the same data: one may stand for another. */
export const lineageOf = ({ environment, backups }: Pick<EnvironmentDefinition, "environment" | "backups">): string =>
  backups.lineage ?? environment;

/** What is shared on purpose. */
export interface Intent {
  /** Why both have one lineage; null when nobody means it. */
  sameLineage: string | null;
}

/** Either of the two may say it. */
export const intentOf = (left: Footprint, right: Footprint): Intent => ({
  sameLineage: left.definition.isolation.sameLineage ?? right.definition.isolation.sameLineage ?? null,
});
