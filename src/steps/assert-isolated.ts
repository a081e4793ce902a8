/** Assert that a clone and what it was made of share nothing: no address, no secret, no way from one to the other. */
import { one } from "./parts/words.ts";
import { z } from "zod";
import type { ServerRecord } from "../model/provider.ts";
import { Problem } from "../model/problem.ts";
import { mentionsAddress } from "../model/isolation/spelling.ts";
import { defineStep } from "../model/step.ts";
import type { World } from "../model/world.ts";
import { install, servers } from "./parts/shapes.ts";
import { strays } from "./parts/stray.ts";

const input = z.strictObject({
  origin: z.string(),
  loadBalancers: servers,
  applications: z.array(z.strictObject({ server: z.string(), install })),
});

const SECRETS = ["database.app", "database.migrate", "database.replication", "tester"];

export const assertIsolated = defineStep({
  name: "assert-isolated",
  input,
  undoable: "always",
  says: ({ origin }) => `Assert that nothing here leads to "${origin}": no address, no secret, no endpoint`,
  byHand: ({ origin }) => ({
    act: `Compare every address, password, database endpoint and input of this clone with those of ${one(origin)}.`,
    see: "They have nothing in common. If they do, start nothing here.",
    back: null,
  }),
  limitMs: () => 60_000,
  async apply() {},
  async verify(context, asked) {
    const origin = await context.world.elsewhere(asked.origin);
    const [theirs, ours] = [await addressesOf(origin), await addressesOf(context.world)];
    const shared = [
      ...ours.filter((address) => theirs.includes(address)).map((address) => `address ${address}`),
      ...SECRETS.filter((name) => origin.secret(name) === context.world.secret(name)).map((name) => `secret ${name}`),
      ...(await strays(context, asked.loadBalancers)),
      ...strayInputs(asked, origin, theirs),
    ];
    if (shared.length === 0) return { addresses: ours.length, shared: 0 };
    throw new Problem("refused", {
      what: `this clone is not apart from "${asked.origin}", so its application is not started`,
      why: shared.join("; "),
      next: "take what leads there out of the release's inputs, then rehearse again",
    });
  },
});

const addressesOf = async ({ provider, environment }: World): Promise<string[]> =>
  (await provider.list(environment)).map(({ address }: ServerRecord) => address);

/** What the application would be told; values are not repeated, they may be secrets. */
function strayInputs({ applications }: z.infer<typeof input>, origin: World, theirs: string[]): string[] {
  const stray = applications.flatMap(({ server, install: { inputs, database } }) => [
    ...(theirs.includes(database.address) ? [`"${server}" finds its database at ${database.address}`] : []),
    // A credential is the clone's to use: it opens no database of ours.
    ...Object.entries(inputs).flatMap(([name, value]) =>
      typeof value !== "string"
        ? []
        : [
            ...(SECRETS.some((one) => value.includes(origin.secret(one))) ? [`input ${name} holds a secret`] : []),
            ...theirs
              .filter((address) => mentionsAddress(value, address))
              .map((address) => `input ${name} holds ${address}`),
          ],
    ),
  ]);
  return [...new Set(stray)];
}
