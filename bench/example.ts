/** An environment of examples/ in a home of its own, brought up for one measurement and gone afterwards. */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseDocument } from "yaml";
import { openProduct, type Product } from "../test/product/product.ts";

export interface Example {
  /** Begins the name of its folder. */
  name: string;
  /** The environment file; it may write one of its own for this product. */
  file(product: Product): string;
  prepare?(product: Product): Promise<unknown>;
}

export async function withExample<T>(
  { name, file, prepare }: Example,
  work: (product: Product) => Promise<T>,
): Promise<T> {
  const product = openProduct(name);
  try {
    await prepare?.(product);
    const up = await product.run(["up", file(product)]);
    if (up.code !== 0) throw new Error(`the example did not come up: ${up.stderr}`);
    const result = await work(product);
    const down = await product.run(["down", "--all"]);
    if (down.code !== 0) throw new Error(`the example did not go down: ${down.stderr}`);
    return result;
  } finally {
    await product.end();
  }
}

/** The same environment file with other sections; its releases stay where they are. */
export function fileOver(product: Product, file: string, sections: Record<string, unknown>): string {
  const document = parseDocument(readFileSync(file, "utf8"));
  for (const [name, section] of Object.entries(sections)) document.set(name, document.createNode(section));
  const { releases } = document.toJS() as { releases: Record<string, { artefact: string }> };
  for (const [release, { artefact }] of Object.entries(releases)) {
    document.setIn(["releases", release, "artefact"], join(dirname(file), artefact));
  }
  const path = join(product.folder, "environment.yaml");
  writeFileSync(path, String(document));
  return path;
}
