/** An environment of examples/ in a home of its own, brought up for one measurement and gone afterwards. */
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
