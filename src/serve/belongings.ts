/** What of each environment nobody is shown, and what its inputs say: for telling whether two of them share it. */
import type { PlacedText } from "../model/isolation/footprint.ts";
import type { HeldInput } from "../model/inputs/set.ts";
import { inputsOf } from "../store/inputs.ts";
import { type Belongings } from "../run/isolation.ts";
import { seal } from "../model/isolation/footprint.ts";
import { type Credentials } from "../store/credentials.ts";
import { type Secrets } from "../store/secrets.ts";
import { type Store } from "../store/store.ts";

export const belongingsOf = (store: Store, secrets: Secrets, credentials: Credentials): Belongings => ({
  sealed: (name) => ({
    credentials: credentials.names(name).flatMap((one) => {
      try {
        return [seal(one, credentials.value(name, one) ?? "")];
      } catch {
        // What can't be opened any more is given to no process either.
        return [];
      }
    }),
    secrets: secrets.named(name).map(([one, value]) => seal(one, value)),
  }),
  inputs: async (name) => (await inputsOf(store, name)).flatMap((held) => textsOf(name, held)),
});

/** Only texts: what a credential holds is compared sealed, and another server's value is of the same environment. */
function textsOf(environment: string, { place: { level, owner }, input, value }: HeldInput): PlacedText[] {
  const items = "array" in value ? value.array : [value];
  const where = level === "environment" ? "" : ` --${level} ${owner}`;
  const at = { command: `changeover inputs set ${environment} ${input}=…${where}` };
  return items.flatMap((one) => ("text" in one ? [{ at, name: input, text: one.text }] : []));
}
