/** The notes of examples/minor in a home of their own, and minor upgrades of them up to the gate and on from there. */
import { join } from "node:path";
import { minorStrategies, type MinorStrategy } from "../src/model/plan.ts";
import type { Report } from "../src/model/report.ts";
import type { UpgradeState } from "../src/model/upgrade.ts";
import { answerOf, type Product } from "../test/product/product.ts";
import { fileOver, withExample } from "./example.ts";

const FILE = join(import.meta.dirname, "../examples/minor/environment.yaml");
export const NOTES = "notes";
export const NOTES_SIZE = { servers: 4, workers: 1 };
export const [OLD, NEW] = ["2.0", "2.1"];

/** Whole sections, in the place of the file's. */
export const withNotes = <T>(
  name: string,
  sections: Record<string, unknown>,
  work: (product: Product) => Promise<T>,
): Promise<T> => withExample({ name, file: (product) => fileOver(product, FILE, sections) }, work);

export const strategyRuns = (runs: number): { run: number; strategy: MinorStrategy }[] =>
  Array.from({ length: runs }, (_, turn) => minorStrategies.map((strategy) => ({ run: turn + 1, strategy }))).flat();

export interface AtGate {
  upgrade: string;
  state: UpgradeState;
  gate: { name: string } | null;
}

/** Gives a report instead when it ended before any gate. */
export async function upgradeNotes(product: Product, strategy: MinorStrategy): Promise<AtGate | Report> {
  const why = ["--why", "it is measured"];
  return answerOf(await product.run(["upgrade", NOTES, "--to", NEW, "--strategy", strategy, ...why, "--json"]));
}

export const reportOf = (product: Product, upgrade: string): Promise<Report> => product.answer(["report", upgrade]);
