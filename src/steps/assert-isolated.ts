/** Assert that a clone and what it was made of share nothing: no address, no secret, no way from one to the other. */
import { one } from "./parts/words.ts";
import { z } from "zod";
import type { LaunchValue } from "../model/launch.ts";
import type { ServerRecord } from "../model/provider.ts";
import { Problem } from "../model/problem.ts";
import { mentionsAddress } from "../model/isolation/spelling.ts";
import { defineStep } from "../model/step.ts";
import { launch } from "../model/template/launch-shape.ts";
import type { World } from "../model/world.ts";
import { install, servers } from "./parts/shapes.ts";
import { strays } from "./parts/stray.ts";

const input = z.strictObject({
  origin: z.string(),
  loadBalancers: servers,
  applications: z.array(z.strictObject({ server: z.string(), install })),
  /** What the servers are to be booted with; left out where they have no template. */
  launches: z.array(z.strictObject({ server: z.string(), launch })).optional(),
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

/** What the application and the scripts would be told; values are not repeated, they may be secrets. */
function strayInputs({ applications, launches = [] }: z.infer<typeof input>, origin: World, theirs: string[]) {
  // A credential is the clone's to use: it opens no database of ours.
  const told = [
    ...applications.flatMap(({ install: { inputs } }) =>
      Object.entries(inputs).flatMap(([name, value]) => (typeof value === "string" ? [{ name, text: value }] : [])),
    ),
    ...launches.flatMap(({ launch: { inputs } }) =>
      Object.entries(inputs).flatMap(([name, { value }]) => textsIn(value).map((text) => ({ name, text }))),
    ),
  ];
  const stray = [
    ...applications
      .filter(({ install: { database } }) => theirs.includes(database.address))
      .map(({ server, install: { database } }) => `"${server}" finds its database at ${database.address}`),
    ...told.flatMap(({ name, text }) => [
      ...(SECRETS.some((one) => text.includes(origin.secret(one))) ? [`input ${name} holds a secret`] : []),
      ...theirs.filter((address) => mentionsAddress(text, address)).map((address) => `input ${name} holds ${address}`),
    ]),
  ];
  return [...new Set(stray)];
}

/** What is taken from another server is taken from one of this clone's own. */
const textsIn = (value: LaunchValue): string[] =>
  ("array" in value ? value.array : [value]).flatMap((one) => ("text" in one ? [one.text] : []));
