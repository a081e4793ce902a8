/** Give a copy's accounts the secrets of its own environment, so that nothing opens both databases. */
import { one } from "./parts/words.ts";
import { z } from "zod";
import { Problem } from "../model/problem.ts";
import { defineStep } from "../model/step.ts";

export const renewAccounts = defineStep({
  name: "renew-accounts",
  input: z.strictObject({ server: z.string(), origin: z.string() }),
  undoable: "always",
  says: ({ server, origin }) =>
    `Give the accounts on "${server}" secrets of their own, which "${origin}" does not know`,
  byHand: ({ server, origin }) => ({
    act: `Give the accounts of the application, of its migrations and of replication on ${one(server)} new passwords.`,
    see: `None of the passwords that ${one(origin)} knows logs in.`,
    back: null,
  }),
  limitMs: () => 60_000,
  async apply({ world }, { server }) {
    await (await world.database(server)).renewAccounts();
  },
  async verify({ world }, { server, origin }) {
    const database = await world.database(server);
    const theirs = await database.accountsOpenedBy((await world.elsewhere(origin)).secret);
    const own = await database.accountsOpenedBy(world.secret);
    if (theirs.length === 0 && own.length > 0) return { accounts: own.length };
    throw new Problem("step-failed", {
      what: `the accounts on "${server}" are not its own`,
      why: theirs.length > 0 ? `secrets of "${origin}" open ${theirs.join(", ")}` : "its own secrets open none of them",
      next: "changeover status",
    });
  },
});
