/** The notes of examples/minor in a home of their own, and minor upgrades of them up to the gate and on from there. */
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { otherSlot } from "../src/model/load-balancer.ts";
import { minorStrategies, type MinorStrategy } from "../src/model/plan.ts";
import type { Report } from "../src/model/report.ts";
import type { UpgradeState } from "../src/model/upgrade.ts";
import { readBlue } from "../src/plan/blue.ts";
import { answerOf, type Product } from "../test/product/product.ts";
import { serving, sightOf } from "../test/product/sights.ts";
import { fileOver, withExample } from "./example.ts";
import type { Row } from "./results.ts";

const FILE = join(import.meta.dirname, "../examples/minor/environment.yaml");
export const NOTES = "notes";
const NOTES_SIZE = { servers: 4, workers: 1 };
export const [OLD, NEW] = ["2.0", "2.1"];

/** How the proofs upgrade: quickly, but judged. */
export const PROVEN = { batch: 2, shares: [10, 50], soakSeconds: 2, waitSeconds: 60 };

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
  return answerOf(await product.run([...upgradeCommand(strategy), "--json"]));
}

export const upgradeCommand = (strategy: MinorStrategy): string[] => [
  ...["upgrade", NOTES, "--to", NEW, "--strategy", strategy],
  ...["--why", "it is measured"],
];

export const reportOf = (product: Product, upgrade: string): Promise<Report> => product.answer(["report", upgrade]);

/** As if nothing had ever happened: every server of one release, the other pool empty, no server that serves nobody. */
export async function isSound(product: Product, release: string, ended: string): Promise<boolean> {
  const status = await product.status(NOTES);
  const { inventory } = status;
  const { applications, slot, kept } = readBlue(inventory);
  const old = applications.filter(({ installed }) => installed?.release !== release);
  const elsewhere = inventory.loadBalancers.flatMap(({ members }) => members[otherSlot(slot)]);
  // What a way back leaves for diagnosis is retired by the next upgrade.
  const beside = inventory.applications.length - applications.length - (ended === "upgraded" ? 0 : kept.length);
  return (
    old.length + elsewhere.length + beside === 0 &&
    isDeepStrictEqual(sightOf(status), serving(release, NOTES_SIZE, ended))
  );
}

/** What no client of an upgrade may have seen. */
export const harmIn = (row: Row): string[] => [
  ...["failed", "paged", "lost", "duplicated"]
    .filter((count) => row[count] !== 0)
    .map((count) => `${row[count]} ${count}`),
  ...(row.acknowledged === 0 ? ["no write at all"] : []),
];
