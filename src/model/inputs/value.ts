/** The value of an input as somebody wrote it: where it comes from, not yet what a process gets. */
import { z } from "zod";
import { credentialName } from "../credential.ts";

/** No process can be given more than 128 KiB in one variable, nor a zero byte. */
const text = z
  .string()
  .max(32_000)
  .regex(/^[^\0]*$/, "must hold no zero byte")
  .refine((it) => it.isWellFormed(), "must be whole characters: no process can be given half of one");

export const inputName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, "must be letters, digits and _, at most 100")
  .regex(/^(?!changeover_)/i, "names that begin with CHANGEOVER_ are ours")
  // Else what every JavaScript object has would be taken for an input.
  .refine((name) => !(name in Object.prototype), "can't be the name of an input");

export const serverName = z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, "must be the name of a server");

/** What an array is made of. */
export const itemSchema = z.union([
  z.strictObject({ text }),
  z.strictObject({ credential: credentialName }),
  /** `address`, or an input that the other server runs with. */
  z.strictObject({ server: serverName, value: z.union([z.literal("address"), inputName]) }),
]);

/**
 * `key`: a private key that is set as a credential; the process gets the path of a file that holds it.
 * `array`: one text, the items joined by commas. `ignore`: nothing at all, also where a value is required.
 * `inherit`: as if nothing stood at this level.
 */
export const inputValueSchema = z.union([
  itemSchema,
  z.strictObject({ key: credentialName }),
  z.strictObject({ array: z.array(itemSchema).max(1000) }),
  z.strictObject({ ignore: z.literal(true) }),
  z.strictObject({ inherit: z.literal(true) }),
]);

export type InputItem = z.infer<typeof itemSchema>;
export type InputValue = z.infer<typeof inputValueSchema>;
/** At one level: what stands there. */
export type InputValues = Record<string, InputValue>;
