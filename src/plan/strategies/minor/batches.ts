/** Servers that are changed a batch at a time, and how many must go on serving meanwhile. */
import type { EnvironmentDefinition } from "../../../model/environment.ts";
import type { Pair } from "./cast.ts";

export function batchesOf({ minor }: EnvironmentDefinition, pairs: Pair[]): Pair[][] {
  const count = Math.ceil(pairs.length / minor.batch);
  return Array.from({ length: count }, (_, turn) => pairs.slice(turn * minor.batch, (turn + 1) * minor.batch));
}

/** So many others must be healthy while a batch is out; at least one, whatever the file says. */
export const floorOf = ({ minor }: EnvironmentDefinition, servers: number): number =>
  Math.max(1, minor.floor ?? servers - minor.batch);

export const batchName = (turn: number, all: Pair[][]): string => `batch ${turn + 1} of ${all.length}`;
