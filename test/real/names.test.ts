/** Names on a real DNS server: who may move them, what is in the way, and a plan that moves one and takes it back. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDnsNames, type DnsSettings } from "../../src/drivers/dns/driver.ts";
import { createWorld } from "../../src/drivers/world.ts";
import type { NameServer } from "../../src/model/dns-name.ts";
import { namesSchema } from "../../src/model/names.ts";
import { Problem } from "../../src/model/problem.ts";
import { planMoveName } from "../../src/plan/strategies/move-name.ts";
import { createLocalProvider } from "../../src/providers/local/provider.ts";
import { systemClock } from "../../src/run/clock.ts";
import { runInMemory } from "../../src/run/run-in-memory.ts";
import { steps } from "../../src/steps/registry.ts";
import { KEYS, type Knot, knotd, NO_KNOT, startKnot, ZONE } from "../contract/name-server/knot.ts";
import { type Relay, startRelay } from "../contract/name-server/relay.ts";
import { named } from "../laws/named.ts";

const WWW = `www.${ZONE}`;
const [A, B, C] = ["10.0.0.1", "10.0.0.2", "10.0.0.3"] as const;
const TTL = 2;
let knot: Knot;
let relay: Relay;
let owner: NameServer;
/** Everything that anybody was told here. */
const told: string[] = [];

const { secret, ...ofKey } = KEYS.mover;
const mover: DnsSettings["key"] = { ...ofKey, credential: "dns-key" };

function namesOf(over: Partial<DnsSettings> = {}): NameServer {
  return createDnsNames({
    environment: "live",
    server: knot,
    zone: ZONE,
    key: mover,
    secret: () => secret,
    clock: systemClock,
    ...over,
  });
}

async function problemOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    told.push(error.message, String(error.stack));
    return `${error.kind}: ${error.text.what}: ${error.text.why}`;
  }
  return "no problem";
}

/** Leads it there, wherever it was. */
async function put(to: readonly string[], ttlSeconds = TTL): Promise<void> {
  const { addresses } = await owner.read(WWW);
  await owner.move(WWW, { from: addresses, to, ttlSeconds });
}
const toB = (names: NameServer) => names.move(WWW, { from: [A], to: [B], ttlSeconds: TTL });
const where = async (): Promise<string[]> => (await owner.read(WWW)).addresses;

describe.skipIf(!knotd)(`names of a real DNS server (skipped where ${NO_KNOT})`, () => {
  beforeAll(async () => {
    knot = await startKnot([
      "slow 3600 IN A 10.0.0.1",
      "six 60 IN A 10.0.0.1",
      "six 60 IN AAAA 2001:db8::1",
      "alias 60 IN CNAME ns",
      "*.wild 60 IN A 10.0.0.1",
      "other 60 IN NS ns.elsewhere.test.",
    ]);
    relay = await startRelay(knot);
    owner = namesOf();
  });
  afterAll(async () => {
    await relay?.close();
    await knot?.close();
    expect(Object.values(KEYS).filter(({ secret }) => told.join("\n").includes(secret))).toEqual([]);
  });

  const behind = { ...systemClock, now: () => systemClock.now() - 900_000 };
  const stolen = () => KEYS.reader.secret;
  test.each<[string, Partial<DnsSettings>, RegExp]>([
    [
      "of another name",
      { key: { ...mover, name: "reader" } },
      /does not accept our key: it knows no key "reader".*BADKEY/,
    ],
    ["that the server does not know", { key: { ...mover, name: "nobody" } }, /no key "nobody".*BADKEY/],
    ["of another algorithm", { key: { ...mover, algorithm: "hmac-sha512" } }, /no key "mover" of this algo.*BADKEY/],
    ["with another secret", { secret: stolen }, /its secret of key "mover" is another one.*BADSIG/],
    ["that may not change the zone", { key: { ...mover, name: "reader" }, secret: stolen }, /BADKEY/],
    ["used by a clock that is wrong", { clock: behind }, /(899|900|901) s apart, 300 s at most.*BADTIME/],
    ["that is none", { secret: () => "correct horse battery" }, /^bad-input: credential "dns-key" is no secret/],
  ])("a key %s is refused, and the name stays", async (_what, over, says) => {
    await put([A]);
    const names = namesOf(over);
    expect(await problemOf(toB(names))).toMatch(says);
    expect(await problemOf(names.prove([WWW]))).toMatch(says);
    expect(await where()).toEqual([A]);
  });

  test.each([
    ["alias", /an alias of another name \(CNAME\)/],
    ["six", /it has IPv6 addresses as well \(AAAA\)/],
    ["a.other", /other servers know/],
  ])("%s can't be looked after, and says why", async (label, why) => {
    const name = `${label}.${ZONE}`;
    expect(await problemOf(owner.read(name))).toMatch(why);
    expect(await problemOf(owner.move(name, { from: [A], to: [B], ttlSeconds: TTL }))).toMatch(why);
  });

  test("what a wildcard answers is nobody's to move, a name outside of the zone neither, and nor is another server's zone", async () => {
    const wild = `x.wild.${ZONE}`;
    expect((await owner.read(wild)).addresses).toEqual([A]);
    expect(await problemOf(owner.move(wild, { from: [A], to: [B], ttlSeconds: TTL }))).toMatch(/wildcard/);
    expect((await owner.read(wild)).addresses).toEqual([A]);
    expect(await problemOf(owner.read("www.example.test"))).toMatch(/not in zone shop.test/);
    const elsewhere = namesOf({ zone: "example.test" });
    expect(await problemOf(elsewhere.read("www.example.test"))).toMatch(/REFUSED: it does not serve zone/);
    expect(await problemOf(elsewhere.prove(["www.example.test"]))).toMatch(/REFUSED: it does not serve zone/);
  });

  test("a name that leads nowhere says for how long that is remembered", async () => {
    expect(await owner.read(`none.${ZONE}`)).toEqual({ name: `none.${ZONE}`, addresses: [], ttlSeconds: 7 });
  });

  test("as many addresses as a name may have go over a connection", async () => {
    const many = Array.from({ length: 20 }, (_, at) => `10.1.0.${at + 1}`);
    await put(many);
    await put([A]);
    expect(await where()).toEqual([A]);
  });

  test("who moves it between our look and our change wins, and is named", async () => {
    await put([A]);
    relay.before = () => owner.move(WWW, { from: [A], to: [C], ttlSeconds: TTL });
    expect(await problemOf(toB(namesOf({ server: relay })))).toMatch(/it leads to 10.0.0.3 now, not to 10.0.0.1/);
    expect(await where()).toEqual([C]);
  });

  test("where no datagram gets through, a connection does", async () => {
    await put([A]);
    relay.deaf = true;
    await toB(namesOf({ server: relay, patienceMs: 250 })).finally(() => {
      relay.deaf = false;
    });
    expect(await where()).toEqual([B]);
  });

  test("an answer without a signature is not believed: the world is looked at, and the next try counts", async () => {
    await put([A]);
    relay.forging = true;
    await toB(namesOf({ server: relay, patienceMs: 250 })).finally(() => {
      relay.forging = false;
    });
    expect(await where()).toEqual([B]);
  });

  test.each(["127.0.0.1", "::1", "fe80::1"])("nobody is reached at %s, which is said", async (address) => {
    const names = namesOf({ server: { address, port: 1 }, patienceMs: 50 });
    expect(await problemOf(names.read(WWW))).toMatch(/^unreachable: the DNS server .* gives no valid answer/);
    expect(await problemOf(names.prove([WWW]))).toMatch(/^unreachable/);
  });

  test("a server that is away is said to be, and its names are the same when it is back", async () => {
    await put([B]);
    await knot.stop();
    expect(await problemOf(owner.read(WWW))).toMatch(/^unreachable: .*ECONNREFUSED/);
    await knot.start();
    expect(await where()).toEqual([B]);
  });

  describe("a plan", () => {
    let folder: string;
    const world = () =>
      createWorld({
        definition: {
          ...named,
          names: namesSchema.parse({ server: { address: knot.address, port: knot.port }, zone: ZONE, key: mover }),
        },
        provider: createLocalProvider({ directory: folder, token: () => 1 }),
        clock: systemClock,
        secret: () => "",
        credential: () => secret,
        secrets: () => [],
        artefact: async () => Buffer.alloc(0),
        exports: { writeExport: async () => "", readExport: async () => null, removeExport: async () => {} },
        beside: (path) => join(folder, path),
        path: null,
        origin: null,
        rehearsal: false,
        neighbours: () => Promise.reject(new Error("nobody asks")),
      });
    const planned = async (name: string, to: string[]) =>
      planMoveName({
        environment: "shop",
        own: { name, role: "public" },
        now: await owner.read(name),
        from: null,
        to: { addresses: to, ttlSeconds: TTL },
        limitSeconds: 60,
        rememberedSeconds: 0,
        wait: true,
      });
    const run = (plan: Awaited<ReturnType<typeof planned>>, wayBackAsked?: AbortSignal) =>
      runInMemory({ plan, definitions: steps, world: world(), clock: systemClock, upgrade: "u-1", wayBackAsked });

    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), "changeover-names-"));
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test("moves it and waits until caches have forgotten; asked for the way back meanwhile, it leads where it led", async () => {
      await put([A]);
      const { end, entries } = await run(await planned(WWW, [B]));
      expect(end).toEqual({ state: "upgraded" });
      expect(await where()).toEqual([B]);
      const [moved, waited] = entries.map(({ evidence }) => evidence);
      expect(moved).toMatchObject({ from: A, to: B, cachesSeconds: TTL });
      expect(Date.parse(String(waited?.cachesUntil))).toBeLessThanOrEqual(systemClock.now());

      const asked = new AbortController();
      const back = run(await planned(WWW, [C]), asked.signal);
      while ((await where())[0] !== C) await systemClock.sleep(20);
      asked.abort(new Problem("refused", { what: "asked for", why: "we changed our minds", next: "nothing" }));
      expect(await back).toMatchObject({ end: { state: "rolled-back" } });
      expect(await where()).toEqual([B]);
    });

    test("is refused for a name whose TTL is an hour, and for one that somebody else has by then", async () => {
      expect(await problemOf(planned(`slow.${ZONE}`, [B]))).toMatch(/3600 s \(its TTL\), and the limit is 60 s/);
      await put([A]);
      const plan = await planned(WWW, [B]);
      await put([C]);
      expect((await run(plan)).end).toMatchObject({ state: "rolled-back", reason: { kind: "refused" } });
      expect(await where()).toEqual([C]);
    });
  });
});
