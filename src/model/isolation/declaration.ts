/** What an environment file says of being apart: whether nothing may be shared, and what is shared on purpose. */
import { z } from "zod";
import { credentialName } from "../credential.ts";

export const isolationSchema = z
  .strictObject({
    strict: z
      .boolean()
      .default(false)
      .describe(
        "refuse to launch or upgrade while anything is shared with another environment, not only what is harmful",
      ),
    sharedCredentials: z
      .array(credentialName)
      .max(100)
      .default([])
      .describe("credentials whose value another environment may have as well, because they only read"),
    sameLineage: z
      .string()
      .min(1)
      .max(500)
      .optional()
      .describe("why backups.lineage is another environment's on purpose, as for disaster recovery"),
  })
  .prefault({});

export const lineageName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, "must be lower case letters, digits and dashes, at most 31");
