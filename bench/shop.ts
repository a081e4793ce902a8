/** The demo's shop in a home of its own, brought up for one measurement and gone afterwards. */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseDocument } from "yaml";
import type { Report } from "../src/model/report.ts";
import { answerOf, type Product } from "../test/product/product.ts";
import { withExample } from "./example.ts";

const FILE = join(import.meta.dirname, "../examples/major/environment.yaml");
export const SHOP_SIZE = { servers: 4, workers: 1 };

export const withShop = <T>(
  name: string,
  work: (product: Product) => Promise<T>,
  over?: Record<string, unknown>,
  prepare?: (product: Product) => Promise<unknown>,
): Promise<T> => withExample({ name, file: (product) => (over ? fileOver(product, over) : FILE), prepare }, work);

/** The same file with other sections; its releases stay where they are. */
function fileOver(product: Product, sections: Record<string, unknown>): string {
  const document = parseDocument(readFileSync(FILE, "utf8"));
  for (const [name, section] of Object.entries(sections)) document.set(name, document.createNode(section));
  for (const release of ["1", "2"]) {
    document.setIn(["releases", release, "artefact"], join(dirname(FILE), `release-${release}`));
  }
  const path = join(product.folder, "environment.yaml");
  writeFileSync(path, String(document));
  return path;
}

/** Under the ledger's traffic; throws when it ended without a report. */
export async function upgradeShop(product: Product, ...more: string[]): Promise<Report> {
  const ran = await product.run(["upgrade", "live", "--to", "2", "--yes", "--ledger", "--json", ...more]);
  const answer = answerOf<Report>(ran);
  if (!("outcome" in answer)) throw new Error(`the upgrade gave no report: ${ran.stdout}${ran.stderr}`);
  return answer;
}
