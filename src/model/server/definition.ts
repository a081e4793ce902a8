/** A server as it is wanted: cloned from one that runs, changed in steps, launched when somebody says so. */
import { z } from "zod";
import { type Configuration, type ConfigurationDifference, differencesBetween } from "./configuration.ts";

/** What can be changed before a launch, beside inputs. */
export const changeKeys = ["release", "template", "image", "size"] as const;

/** `input NAME`: its value as people type it. */
export const changeKey = z.union([
  z.enum(changeKeys),
  z
    .string()
    .regex(/^input [A-Za-z_][A-Za-z0-9_]{0,99}$/, "must be release, template, image, size or an input")
    .transform((text) => text as `input ${string}`),
]);
export type ChangeKey = z.infer<typeof changeKey>;

/** Kept in the order in which they were made, so that the one that breaks a launch can be found. */
export interface Change {
  key: ChangeKey;
  value: string;
  by: string;
  at: number;
}

export interface ServerDefinition {
  environment: string;
  name: string;
  clonedFrom: string;
  /** What the source was when it was cloned; nothing that happens to the source changes it. */
  base: Configuration;
  changes: Change[];
  /** Facts that may differ from the source without a change that says so, and why. */
  explained: Record<string, string>;
  createdBy: string;
  createdAt: number;
}

/** A second change of the same key takes the place of the first, at the end. */
export const withChange = (definition: ServerDefinition, change: Change): ServerDefinition => ({
  ...definition,
  changes: [...definition.changes.filter(({ key }) => key !== change.key), change],
});

/** The value that counts after the first `count` changes; null where nobody changed it. */
export const changedValue = (
  { changes }: ServerDefinition,
  key: (typeof changeKeys)[number],
  count = changes.length,
): string | null => changes.slice(0, count).findLast((change) => change.key === key)?.value ?? null;

export const releaseOf = (definition: ServerDefinition, count?: number): string =>
  changedValue(definition, "release", count) ?? definition.base.release ?? "";

/** What a change brings along. */
const explains = (key: ChangeKey, fact: string): boolean => {
  if (key === "release") return /^(release|artefact|prepare|(start|runtime|input) .*)$/.test(fact);
  if (key === "template") return /^(template|image|size|input .*)$/.test(fact);
  return key === fact;
};

/** Values that this server alone is launched with, after the first `count` changes; each as it was typed. */
export const inputChanges = ({ changes }: ServerDefinition, count = changes.length): Record<string, string> =>
  Object.fromEntries(
    changes
      .slice(0, count)
      .flatMap(({ key, value }) => (key.startsWith("input ") ? [[key.slice("input ".length), value]] : [])),
  );

/** Differences between the server that was cloned and what would be launched that nobody asked for. */
export const unexplained = (
  source: Configuration,
  wanted: Configuration,
  { changes, explained }: Pick<ServerDefinition, "changes" | "explained">,
): ConfigurationDifference[] =>
  differencesBetween(source, wanted).filter(
    ({ fact }) => explained[fact] === undefined && !changes.some(({ key }) => explains(key, fact)),
  );
