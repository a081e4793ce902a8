/** What is copied to an environment whose file was made of another one's, beside the file: an entry for each kind of thing. */
import type { Credentials } from "../store/credentials.ts";
import { findEnvironment } from "../store/environments.ts";
import type { Store } from "../store/store.ts";
import type { Carrier } from "./environment-clones.ts";

/** Those that the origin's file says may be shared. All others are a person's to set: what they open may be written to. */
export const sharedCredentials = (store: Store, credentials: Credentials): Carrier => ({
  what: "credentials that only read",
  async carry(from, to) {
    const shared = (await findEnvironment(store, from))?.definition.isolation.sharedCredentials ?? [];
    let copied = 0;
    for (const name of shared) {
      const value = credentials.value(from, name);
      if (value === null || credentials.value(to, name) !== null) continue;
      credentials.set(to, name, value);
      copied += 1;
    }
    return copied;
  },
});
