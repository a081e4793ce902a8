/** Moves one name of an environment, then waits until caches have forgotten where it led. Pure. */
import {
  heldByOther,
  inWords,
  isThere,
  type NameRecord,
  refuseTooLong,
  sameAddresses,
  shortenFirst,
  sorted,
  tooLong,
  whither,
} from "../../model/dns-name.ts";
import type { OwnName } from "../../model/names.ts";
import type { Plan, Stage } from "../../model/plan.ts";
import { Problem } from "../../model/problem.ts";
import { awaitCaches } from "../../steps/await-caches.ts";
import { moveName } from "../../steps/move-name.ts";
import { act, inOrder } from "../stage.ts";

export interface MoveNameInput {
  environment: string;
  own: OwnName;
  /** As the authority answers. */
  now: NameRecord;
  /** Who must have it now; null: whoever has it. */
  from: readonly string[] | null;
  to: { addresses: readonly string[]; ttlSeconds: number };
  limitSeconds: number;
  /** For how many seconds from now caches may go on with what it was before an earlier move. */
  rememberedSeconds: number;
  /** Also waits until caches have forgotten. */
  wait: boolean;
}

export function planMoveName(input: MoveNameInput): Plan {
  const { environment, now, to, limitSeconds } = input;
  const old = { addresses: sorted(now.addresses), ttlSeconds: now.ttlSeconds };
  const wanted = { addresses: sorted(to.addresses), ttlSeconds: to.ttlSeconds };
  mustBeMovable(input);
  const moved = act(moveName, { name: now.name, from: old, to: wanted, limitSeconds });
  const wayBack = wayBackOf(now, wanted);
  const stages = [inOrder(`Move ${now.name}`, wayBack, [moved]), ...waiting(input, wayBack)];
  return {
    format: 1,
    environment,
    strategy: "move-name",
    from: `${now.name} ${spelled(old)}`,
    to: spelled(wanted),
    stages,
    afterWayBack: [],
    failAt: null,
  };
}

function mustBeMovable({ environment, own, now, from, to, limitSeconds, rememberedSeconds }: MoveNameInput): void {
  if (from && !sameAddresses(now.addresses, from)) throw heldByOther(now, from);
  if (isThere(now, { from: now.addresses, to: to.addresses, ttlSeconds: to.ttlSeconds })) throw thereAlready(now);
  if (own.role === "public" && to.addresses.length === 0) throw publicOne(now.name);
  // With the same addresses nobody is led astray, and it is how a TTL gets shorter.
  if (!sameAddresses(now.addresses, to.addresses)) {
    const why = tooLong(now, limitSeconds);
    if (why !== null) throw refuseTooLong(now.name, why, shortenFirst(environment, now.name, limitSeconds));
    if (rememberedSeconds > limitSeconds) throw rememberedTooLong(now.name, rememberedSeconds, limitSeconds);
  }
  if (to.ttlSeconds > limitSeconds) throw longerThanAllowed(now.name, to.ttlSeconds, limitSeconds);
}

const rememberedTooLong = (name: string, seconds: number, limitSeconds: number): Problem =>
  refuseTooLong(
    name,
    `its TTL is short enough, but caches may go on with the one before for ${seconds} s, and the limit is ${limitSeconds} s`,
    `move it in ${seconds - limitSeconds} s; until when, says: changeover name list`,
  );

/** Nothing is to be waited for where nobody was led anywhere, or still is. */
function waiting({ now, to, rememberedSeconds, wait }: MoveNameInput, wayBack: string): Stage[] {
  const seconds = Math.max(now.ttlSeconds, rememberedSeconds);
  if (!wait || seconds === 0 || now.addresses.length === 0 || sameAddresses(now.addresses, to.addresses)) return [];
  return [inOrder("Caches", wayBack, [act(awaitCaches, { name: now.name, old: sorted(now.addresses), seconds })])];
}

function wayBackOf({ name, addresses }: NameRecord, to: { addresses: string[]; ttlSeconds: number }): string {
  const back = addresses.length === 0 ? `take ${name} away again` : `lead ${name} to ${inWords(addresses)} again`;
  const unless = `${back}, unless somebody moved it since`;
  if (to.addresses.length === 0 || sameAddresses(addresses, to.addresses)) return unless;
  return `${unless}; caches may go on with ${inWords(to.addresses)} for ${to.ttlSeconds} s`;
}

const spelled = ({ addresses, ttlSeconds }: { addresses: string[]; ttlSeconds: number }): string =>
  addresses.length === 0 ? "nowhere" : `${inWords(addresses)} (${ttlSeconds} s)`;

const thereAlready = ({ name, addresses, ttlSeconds }: NameRecord): Problem =>
  new Problem("refused", {
    what: `there is nothing to do for ${name}`,
    why: `it leads ${whither(addresses)} already${addresses.length > 0 ? `, for ${ttlSeconds} s` : ""}`,
    next: "changeover name list",
  });

const publicOne = (name: string): Problem =>
  new Problem("refused", {
    what: `${name} can't be taken away`,
    why: "the public comes by it",
    next: "move it, or list it under names.test in the environment file",
  });

const longerThanAllowed = (name: string, seconds: number, limit: number): Problem =>
  new Problem("bad-input", {
    what: `${name} can't have a TTL of ${seconds} s`,
    why: `names.ttlSeconds is ${limit} s: it could not be moved any more`,
    next: `use at most ${limit} s, or change names.ttlSeconds in the environment file`,
  });
