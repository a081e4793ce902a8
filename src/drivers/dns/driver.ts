/** Names on a real DNS server: read from the authority, moved by signed updates that say what must be there before. */
import type { Clock } from "../../model/clock.ts";
import { heldByOther, isThere, isWithin, type NameMove, type NameServer, sameAddresses } from "../../model/dns-name.ts";
import type { TSIG_ALGORITHMS } from "../../model/names.ts";
import { Problem } from "../../model/problem.ts";
import { type Server, triesOf } from "./exchange.ts";
import { mustServe, readName } from "./query.ts";
import {
  noAnswer,
  noSecret,
  notHeldHere,
  notTheAuthority,
  type Place,
  placeInWords,
  unknownOutcome,
} from "./refusals.ts";
import type { TsigKey } from "./tsig.ts";
import { moving, proving, type Speaker, tell } from "./update.ts";

export interface DnsSettings {
  environment: string;
  server: Server;
  zone: string;
  key: { name: string; algorithm: (typeof TSIG_ALGORITHMS)[number]; credential: string };
  /** The key's secret in base64; throws a Problem when nobody set it. Asked for only when something is signed. */
  secret(): string;
  clock: Clock;
  patienceMs?: number;
}

const PATIENCE_MS = 1_500;

export function createDnsNames(settings: DnsSettings): NameServer {
  const { zone, clock } = settings;
  const place: Place = { patienceMs: PATIENCE_MS, ...settings };
  const speaker = (): Speaker => ({ place, key: keyOf(settings), clock });
  const inZone = (name: string): void => {
    if (!isWithin(name, zone)) throw notTheAuthority(place, name, `it is not in zone ${zone}`);
  };
  const read: NameServer["read"] = async (name) => {
    inZone(name);
    return readName(place, name);
  };
  const move: NameServer["move"] = async (name, wanted) => {
    inZone(name);
    await change(speaker(), name, wanted);
  };
  return {
    kind: "dns",
    place: placeInWords(place),
    read,
    move,
    remove: (name, from) => move(name, { from, to: [], ttlSeconds: 0 }),
    async prove(names) {
      for (const name of names) inZone(name);
      await mustServe(place);
      let silence = "";
      for (const how of triesOf(place.patienceMs)) {
        const told = await tell(speaker(), proving(names), how);
        if (told.kind === "done") return;
        if (told.kind === "differs") throw notTheAuthority(place, zone, "it has no such zone");
        silence = told.why;
      }
      throw noAnswer(place, silence);
    },
  };
}

/** Never twice without a look between: an update whose answer was lost may have happened. */
async function change(speaker: Speaker, name: string, wanted: NameMove): Promise<void> {
  const { place } = speaker;
  let silence: string | null = null;
  for (const how of triesOf(place.patienceMs)) {
    if (await isDone(place, name, wanted, silence)) return;
    const told = await tell(speaker, moving(name, wanted), how);
    if (told.kind === "done") return;
    if (told.kind === "differs") {
      // Either an earlier try got through, or somebody else was faster than our look.
      if (await isDone(place, name, wanted, silence)) return;
      throw notHeldHere(place, name);
    }
    silence = told.why;
  }
  if (await isDone(place, name, wanted, silence)) return;
  throw unknownOutcome(place, name, silence ?? "");
}

/** Throws when it neither is where it should go nor where it should come from. */
async function isDone(place: Place, name: string, wanted: NameMove, silence: string | null): Promise<boolean> {
  const now = await readName(place, name).catch((error: unknown) => {
    const lost = silence !== null && error instanceof Problem && error.kind === "unreachable";
    throw lost ? unknownOutcome(place, name, silence, error) : error;
  });
  if (isThere(now, wanted)) return true;
  if (sameAddresses(now.addresses, wanted.from)) return false;
  throw heldByOther(now, wanted.from);
}

function keyOf(settings: DnsSettings): TsigKey {
  const text = settings.secret().trim();
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw noSecret(settings.environment, settings.key.credential);
  return { name: settings.key.name, algorithm: settings.key.algorithm, secret: Buffer.from(text, "base64") };
}
