/** The demo's shop in a home of its own, brought up for one measurement and gone afterwards. */
import { join } from "node:path";
import type { Report } from "../src/model/report.ts";
import { answerOf, type Product } from "../test/product/product.ts";
import { fileOver, withExample } from "./example.ts";

const FILE = join(import.meta.dirname, "../examples/major/environment.yaml");
export const SHOP_SIZE = { servers: 4, workers: 1 };

export const withShop = <T>(
  name: string,
  work: (product: Product) => Promise<T>,
  over?: Record<string, unknown>,
  prepare?: (product: Product) => Promise<unknown>,
): Promise<T> => withExample({ name, file: (product) => (over ? fileOver(product, FILE, over) : FILE), prepare }, work);

/** Under the ledger's traffic; throws when it ended without a report. */
export async function upgradeShop(product: Product, ...more: string[]): Promise<Report> {
  const ran = await product.run(["upgrade", "live", "--to", "2", "--yes", "--ledger", "--json", ...more]);
  const answer = answerOf<Report>(ran);
  if (!("outcome" in answer)) throw new Error(`the upgrade gave no report: ${ran.stdout}${ran.stderr}`);
  return answer;
}
