/** Reads a request's body in the shape that was agreed, or says what is wrong with it. */
import type { z } from "zod";
import { Problem } from "../model/problem.ts";

export async function parseBody<T>(request: { json(): Promise<unknown> }, shape: z.ZodType<T>): Promise<T> {
  const parsed = shape.safeParse(await request.json().catch(() => null));
  if (parsed.success) return parsed.data;
  const why = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "the body"}: ${message}`).join("; ");
  throw new Problem("bad-input", {
    what: "the request's body is not as agreed",
    why,
    next: "see src/api/contract.ts",
  });
}
