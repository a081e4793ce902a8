/** What is copied to an environment whose file was made of another one's, beside the file: an entry for each kind of thing. */
import type { Clock } from "../model/clock.ts";
import { inOrder, keyOf } from "../model/inputs/set.ts";
import type { Credentials } from "../store/credentials.ts";
import { findEnvironment } from "../store/environments.ts";
import { inputsOf, replaceInputs, takeSnapshot } from "../store/inputs.ts";
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

/** The environment's own inputs. What is lent to servers and groups is not copied: it has an end, and they are others. */
export const copiedInputs = (store: Store, clock: Clock): Carrier => ({
  what: "inputs of the environment",
  carry: (from, to, by) =>
    store.transaction(async (db) => {
      const [theirs, ours] = [await inputsOf(db, from), await inputsOf(db, to)];
      const known = new Set(ours.map(keyOf));
      const copied = theirs.filter((held) => held.place.level === "environment" && !known.has(keyOf(held)));
      if (copied.length === 0) return 0;
      const edit = `copied from ${from}`;
      await takeSnapshot(db, to, { at: clock.now(), by, edit, why: "a clone", set: ours });
      await replaceInputs(db, to, inOrder([...ours, ...copied]));
      return copied.length;
    }),
});
