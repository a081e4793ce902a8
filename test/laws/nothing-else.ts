/** What environments need that a test is not about: no templates, no secrets of others, no inputs. */
import type { EnvironmentParts } from "../../src/run/environments.ts";

export const nothingElse: Pick<EnvironmentParts, "launches" | "belongings" | "credentials" | "forget" | "survey"> = {
  launches: { bootOf: async () => undefined },
  belongings: { sealed: () => ({ credentials: [], secrets: [] }), inputs: async () => [] },
  credentials: async () => [],
  forget: () => {},
  survey: async () => ({ records: [], silent: [], foreign: [] }),
};
