/** Move a name in the DNS from the servers that it leads to, to others; also make a new one, or take one away. */
import { z } from "zod";
import {
  addressList,
  heldByOther,
  inWords,
  isThere,
  type NameRecord,
  refuseTooLong,
  sameAddresses,
  shortenFirst,
  tooLong,
  whither,
} from "../model/dns-name.ts";
import { Problem } from "../model/problem.ts";
import { defineStep, type Evidence } from "../model/step.ts";

const record = z.strictObject({ addresses: addressList, ttlSeconds: z.int().min(0) });

const input = z.strictObject({
  name: z.string(),
  /** As the plan saw it: nothing is done when it is another by then. */
  from: record,
  to: record,
  /** A name whose TTL is longer is not moved elsewhere. */
  limitSeconds: z.int().min(1),
});

type Input = z.infer<typeof input>;

/** Each answer comes within seconds; three tries, with a look before each. */
const LIMIT_MS = 60_000;

export const moveName = defineStep({
  name: "move-name",
  input,
  undoable: "always",
  says,
  byHand: ({ name, from, to }) => ({
    act: `At its DNS server, see that ${name} leads ${whither(from.addresses)}, then ${acting({ to })}`,
    see: `By the server itself it leads ${whither(to.addresses)}. Caches may say ${inWords(from.addresses)} for ${from.ttlSeconds} s.`,
    back: `Let ${name} lead ${whither(from.addresses)} again, if it still leads ${whither(to.addresses)}.`,
  }),
  limitMs: () => LIMIT_MS,
  async check({ world }, input) {
    const { name, from, to, limitSeconds } = input;
    const now = await (await world.names()).read(name);
    if (isThere(now, moveOf(input))) return;
    if (!sameAddresses(now.addresses, from.addresses)) throw heldByOther(now, from.addresses);
    const why = tooLong(now, limitSeconds);
    if (why !== null && !sameAddresses(from.addresses, to.addresses))
      throw refuseTooLong(name, why, shortenFirst(world.environment, name, limitSeconds));
    if (now.ttlSeconds <= from.ttlSeconds) return;
    throw new Problem("refused", {
      what: `${name} is not what it was taken for`,
      why: `caches remember it for ${now.ttlSeconds} s now, not for ${from.ttlSeconds} s`,
      next: "changeover name list, then plan the move anew",
    });
  },
  async apply({ world }, input) {
    await (await world.names()).move(input.name, moveOf(input));
  },
  async verify({ world }, input) {
    const now = await (await world.names()).read(input.name);
    if (isThere(now, moveOf(input))) return evidence(input.name, input.from, input.to, world.clock.now());
    throw new Problem("step-failed", {
      what: `${input.name} does not lead ${whither(input.to.addresses)}`,
      why: `the authority answers ${inWords(now.addresses)}${now.addresses.length > 0 ? ` for ${now.ttlSeconds} s` : ""}`,
      next: "changeover name list",
    });
  },
  async undo({ world, evidenceOf }, { name, from, to }) {
    const names = await world.names();
    const now = await names.read(name);
    const back = { from: to.addresses, to: from.addresses, ttlSeconds: from.ttlSeconds };
    if (!isThere(now, moveOf({ from, to }))) {
      // What we never had is nobody's to give back; what was taken from us is a matter for people.
      if (!(await evidenceOf("move-name", { name }))) return untouched(now);
      if (!isThere(now, back) && !sameAddresses(now.addresses, to.addresses)) throw takenSince(now, from.addresses);
    }
    await names.move(name, back);
    return evidence(name, to, from, world.clock.now());
  },
});

const moveOf = ({ from, to }: Pick<Input, "from" | "to">) => ({
  from: from.addresses,
  to: to.addresses,
  ttlSeconds: to.ttlSeconds,
});

function says({ name, from, to }: Input): string {
  if (to.addresses.length === 0) return `Take ${name} out of the DNS; it leads ${whither(from.addresses)}`;
  if (from.addresses.length === 0) return `Let ${name} lead to ${inWords(to.addresses)}; it leads nowhere yet`;
  if (sameAddresses(from.addresses, to.addresses))
    return `Let caches remember ${name} for ${to.ttlSeconds} s instead of ${from.ttlSeconds} s`;
  return `Move ${name} from ${inWords(from.addresses)} to ${inWords(to.addresses)}`;
}

const acting = ({ to }: Pick<Input, "to">): string =>
  to.addresses.length === 0
    ? `delete its A records.`
    : `replace its A records in one update by ${inWords(to.addresses)} with a TTL of ${to.ttlSeconds} s.`;

/** `cachesUntil`: until then somebody may still be led to where it led before, so that place has to stay in service. */
const evidence = (name: string, from: Input["from"], to: Input["to"], now: number): Evidence => ({
  name,
  from: inWords(from.addresses),
  to: inWords(to.addresses),
  ttlSeconds: to.ttlSeconds,
  cachesSeconds: from.ttlSeconds,
  cachesUntil: new Date(now + from.ttlSeconds * 1000).toISOString(),
});

const untouched = (now: NameRecord): Evidence => ({ name: now.name, leftAt: inWords(now.addresses) });

const takenSince = (now: NameRecord, from: readonly string[]): Problem =>
  new Problem("refused", {
    what: `${now.name} can't be led ${whither(from)} again`,
    why: `somebody else has moved it since: it leads ${whither(now.addresses)} now`,
    next: "agree with them; when it leads where it led before or after this upgrade: changeover rollback",
  });
