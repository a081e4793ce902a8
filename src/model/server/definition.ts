/** A server as it is wanted: cloned from one that runs, changed in steps, launched when somebody says so. */
import { type Configuration, type ConfigurationDifference, differencesBetween } from "./configuration.ts";

/** What can be changed before a launch. */
export const changeKeys = ["release"] as const;
export type ChangeKey = (typeof changeKeys)[number];

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

/** The value that counts after the first `count` changes. */
export const wantedValue = (definition: ServerDefinition, key: ChangeKey, count = definition.changes.length): string =>
  definition.changes.slice(0, count).findLast((change) => change.key === key)?.value ?? definition.base[key] ?? "";

/** What a change brings along. */
const explains: Record<ChangeKey, (fact: string) => boolean> = {
  release: (fact) => /^(release|artefact|prepare|(start|runtime|input) .*)$/.test(fact),
};

/** Differences between the server that was cloned and what would be launched that nobody asked for. */
export const unexplained = (
  source: Configuration,
  wanted: Configuration,
  { changes, explained }: Pick<ServerDefinition, "changes" | "explained">,
): ConfigurationDifference[] =>
  differencesBetween(source, wanted).filter(
    ({ fact }) => explained[fact] === undefined && !changes.some(({ key }) => explains[key](fact)),
  );
