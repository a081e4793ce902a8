/** What a script says of an input that it reads: whether it must have one, what it gets when nobody says, what may be said. */
import { z } from "zod";
import { inputName, inputValueSchema } from "./value.ts";

export const inputDeclarationSchema = z.strictObject({
  description: z.string().max(500).default(""),
  /** Under which heading people find it. */
  category: z.string().max(60).default("general"),
  /** A launch without a value is refused; `ignore` counts as one only where this is false. */
  required: z.boolean().default(false),
  /** The lowest level of all. */
  default: inputValueSchema.optional(),
  /** The only texts that it may have; anything when left out. */
  choices: z.array(z.string().max(500)).min(1).max(100).optional(),
});

export type InputDeclaration = z.infer<typeof inputDeclarationSchema>;

export const inputDeclarations = z.record(inputName, inputDeclarationSchema);

/** One script and the inputs that it reads. */
export interface DeclaringScript {
  script: string;
  /** What an operational one misses is asked for when it is run, and keeps nothing from being launched. `boot` when left out. */
  phase?: "boot" | "operational" | "decommission";
  inputs: Record<string, InputDeclaration>;
}
