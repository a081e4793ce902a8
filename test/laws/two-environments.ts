/** Generated environments and their clones, and every way in which one thing of the first can be planted in the second. */
import fc from "fast-check";
import { type EnvironmentDefinition, environmentSchema } from "../../src/model/environment.ts";
import { type Change, derive, suggestionFor } from "../../src/model/isolation/derive.ts";
import { edited } from "../../src/model/isolation/edit-text.ts";
import { type Footprint, seal } from "../../src/model/isolation/footprint.ts";
import { intersections } from "../../src/model/isolation/intersections.ts";
import { leadingTexts } from "../../src/model/isolation/texts.ts";
import { shop } from "./shop.ts";

export const CLONE = "staging";
export const FOLDERS = { origin: "/files", clone: "/files" };

const label = fc.stringMatching(/^[a-z][a-z0-9]{2,6}$/);
const host = fc.tuple(label, label, fc.constantFrom("test", "example", "Co.Uk")).map((parts) => parts.join("."));
const octet = fc.integer({ min: 1, max: 250 });
const secret = fc.stringMatching(/^[A-Za-z0-9]{24}$/);

/** Texts of an application, in which its own host name may stand. */
const text = fc.constantFrom<(host: string) => string>(
  () => "production",
  () => "The Lamp Shop",
  () => "10",
  (own) => `https://${own}/checkout?from=mail`,
  (own) => `orders@${own}`,
  (own) => `.${own}`,
  (own) => `{"base":"HTTP://${own.toUpperCase()}:8443/"}`,
);

/** Names of all kinds of things in one environment, none of them that of another. */
export interface Drawn {
  definition: EnvironmentDefinition;
  footprint: Footprint;
  values: { secret: string; credential: string; address: string; record: string; network: string };
}

/** `wide` networks are the beginning of narrow ones. */
export const drawn: fc.Arbitrary<Drawn> = fc
  .record({
    hosts: fc.uniqueArray(host, { minLength: 3, maxLength: 3, selector: (one) => one.toLowerCase() }),
    machine: host,
    remote: fc.boolean(),
    port: fc.integer({ min: 1024, max: 9000 }),
    group: fc.option(fc.integer({ min: 0, max: 5 })),
    texts: fc.array(text, { minLength: 4, maxLength: 4 }),
    lineage: fc.option(fc.constant("main-data")),
    secrets: fc.uniqueArray(secret, { minLength: 4, maxLength: 4 }),
    network: fc.tuple(fc.integer({ min: 16, max: 200 }), octet),
    address: fc.tuple(octet, octet),
  })
  .map(({ hosts, machine, remote, port, group, texts, lineage, secrets, network, address }) => {
    const [open = "", test = "", record = ""] = hosts;
    const said = (turn: number) => texts[turn]?.(open) ?? "";
    const inputs = { TITLE: said(0), BASE: said(1), MAIL: { credential: "smtp" } };
    const definition: EnvironmentDefinition = environmentSchema.parse({
      ...shop,
      environment: "live",
      ...(remote ? { provider: { ...PROVIDER, host: machine } } : {}),
      hosts: { public: open, test },
      port,
      application: { ...shop.application, group: group === null ? undefined : { name: "burst", size: group } },
      releases: Object.fromEntries(Object.entries(shop.releases).map(([name, one]) => [name, { ...one, inputs }])),
      checks: { ...shop.checks, read: [{ path: "/rows", headers: { "x-from": said(2) } }] },
      backups: { everyHours: 24, ...(lineage === null ? {} : { lineage }) },
    });
    const values = {
      secret: secrets[0] ?? "",
      credential: secrets[1] ?? "",
      address: `203.0.${address[0]}.${address[1]}`,
      record: `www.${record}`,
      network: `127.${network[0]}.${network[1]}`,
    };
    return { definition, values, footprint: footprintOf(definition, values, said(3)) };
  });

const PROVIDER = {
  kind: "ssh",
  user: "deploy",
  identityFile: "key",
  knownHosts: "hosts",
  directory: "/srv/changeover",
};

const footprintOf = (
  definition: EnvironmentDefinition,
  { secret, credential, network }: Drawn["values"],
  stored: string,
) => ({
  environment: definition.environment,
  definition,
  network,
  inputs: [{ at: { command: `changeover inputs set ${definition.environment} NOTE` }, name: "NOTE", text: stored }],
  credentials: [seal("smtp", credential)],
  secrets: [seal("database.app", secret)],
});

/** With keys that other releases of Changeover know. */
const withMore = (definition: EnvironmentDefinition, more: object): EnvironmentDefinition =>
  ({ ...definition, ...more }) as EnvironmentDefinition;

export interface Pair {
  origin: Drawn;
  clone: Footprint;
  changes: Change[];
}

/** A clone as its file says it when every suggestion is taken; with a network and secrets of its own. */
export const pairs: fc.Arbitrary<Pair> = fc.tuple(drawn, secret, secret, octet).map(([origin, own, other, third]) => {
  const wish = { name: CLONE, release: "1", sameLineage: null, folders: FOLDERS };
  const changes = derive(origin.definition, wish);
  const first = clonedAs(origin, edited(origin.definition, changes) as EnvironmentDefinition);
  const suggested = intersections(first, origin.footprint, { sameLineage: null }).flatMap((one): Change[] => {
    const to = suggestionFor(first, origin.footprint, one);
    return to === null || !("key" in one.left.at)
      ? []
      : [{ key: one.left.at.key, from: one.value, to, how: "derived", why: "as suggested" }];
  });
  const all = [...changes, ...suggested];
  const definition = environmentSchema.parse(edited(origin.definition, all));
  const values = { ...origin.values, secret: `${own}x`, credential: `${other}y`, network: `127.201.${third}` };
  return { origin, changes: all, clone: footprintOf(definition, values, "a note") };
});

const clonedAs = (origin: Drawn, definition: EnvironmentDefinition): Footprint => ({
  ...origin.footprint,
  ...{ environment: CLONE, definition, network: null, secrets: [], credentials: [], inputs: [] },
});

export interface Planted {
  kind: string;
  /** Both as they are then. */
  clone: Footprint;
  origin: Footprint;
}
export type Plant = { name: string; put(pair: Pair): Planted };

const changed = (clone: Footprint, more: object): Footprint => ({
  ...clone,
  definition: withMore(clone.definition, more),
});

const CASES: [string, (name: string) => string][] = [
  ["as it is", (name) => name],
  ["in capitals", (name) => name.toUpperCase()],
  ["with a dot at its end", (name) => `${name}.`],
];

const hostPlants: Plant[] = (["public", "test"] as const).flatMap((here) =>
  (["public", "test"] as const).flatMap((there) =>
    CASES.map(([how, spell]) => ({
      name: `host name ${there} as ${here}, ${how}`,
      put: ({ clone, origin }: Pair): Planted => ({
        kind: "host name",
        clone: changed(clone, { hosts: { ...clone.definition.hosts, [here]: spell(origin.definition.hosts[there]) } }),
        origin: origin.footprint,
      }),
    })),
  ),
);

const recordPlants: Plant[] = CASES.flatMap(([how, spell]): Plant[] => [
  {
    name: `DNS name said by both, ${how}`,
    put: ({ clone, origin }) => ({
      kind: "DNS name",
      clone: changed(clone, { names: { public: ["else.test", spell(origin.values.record)] } }),
      origin: changed(origin.footprint, { names: { test: [origin.values.record] } }),
    }),
  },
  {
    name: `host name for which the other says where it leads, ${how}`,
    put: ({ clone, origin }) => ({
      kind: "DNS name",
      clone: changed(clone, { hosts: { ...clone.definition.hosts, test: spell(origin.definition.hosts.public) } }),
      origin: changed(origin.footprint, { names: { hostsFile: "names" } }),
    }),
  },
  {
    name: `DNS name that is the other's host name, ${how}`,
    put: ({ clone, origin }) => ({
      kind: "DNS name",
      clone: changed(clone, { names: { public: [spell(origin.definition.hosts.public)] } }),
      origin: origin.footprint,
    }),
  },
]);

const placePlants: Plant[] = [
  {
    name: "floating address",
    put: ({ clone, origin }) => ({
      kind: "floating address",
      clone: changed(clone, { addresses: { front: { address: origin.values.address } } }),
      origin: changed(origin.footprint, { addresses: { site: { address: origin.values.address } } }),
    }),
  },
  {
    name: "floating address of six, spelled otherwise",
    put: ({ clone, origin }) => ({
      kind: "floating address",
      clone: changed(clone, { addresses: { front: { address: "2001:DB8:0:0::1" } } }),
      origin: changed(origin.footprint, { addresses: { site: { address: "2001:db8::1" } } }),
    }),
  },
  ...["network", "load balancers and pools", "database host"].map((kind) => ({
    name: `network, found as ${kind}`,
    put: ({ clone, origin }: Pair): Planted => ({
      kind,
      clone: {
        ...changed(clone, { port: origin.definition.port, database: origin.definition.database }),
        network: origin.footprint.network,
      },
      origin: origin.footprint,
    }),
  })),
  {
    name: "a network in a wide one",
    put: ({ clone, origin }) => ({
      kind: "network",
      clone: { ...clone, network: "127.220.7" },
      origin: { ...origin.footprint, network: "127.220" },
    }),
  },
  {
    name: "a folder in the other's",
    put: ({ clone, origin }) => {
      const provider = { ...PROVIDER, host: "machine.example", port: 22 };
      const inner = { ...provider, host: "Machine.Example", directory: `${provider.directory}//live/` };
      return {
        kind: "folder of servers",
        clone: changed(clone, { provider: inner }),
        origin: changed(origin.footprint, { provider }),
      };
    },
  },
  {
    name: "backup lineage",
    put: ({ clone, origin }) => ({
      kind: "backup lineage",
      clone: changed(clone, {
        backups: { ...clone.definition.backups, lineage: origin.definition.backups.lineage ?? "live" },
      }),
      origin: origin.footprint,
    }),
  },
  {
    name: "credential under another name",
    put: ({ clone, origin }) => ({
      kind: "credential",
      clone: { ...clone, credentials: [...clone.credentials, seal("mail", origin.values.credential)] },
      origin: origin.footprint,
    }),
  },
  {
    name: "secret",
    put: ({ clone, origin }) => ({
      kind: "secret",
      clone: { ...clone, secrets: [seal("tester", origin.values.secret)] },
      origin: origin.footprint,
    }),
  },
];

/** How one name may stand in a text. */
const WRAPS: [string, (name: string) => string][] = [
  ["alone", (name) => name],
  ["in a URL", (name) => `https://user:word@${name}:8443/path?x=1`],
  ["in capitals", (name) => `X=HTTP://${name.toUpperCase()}/`],
  ["with percent signs", (name) => `next=${encodeURIComponent(`https://${name}/back`)}`],
  ["in a list", (name) => `a.test, ${name};b.test`],
  ["in JSON", (name) => JSON.stringify({ hosts: [name] })],
];
const DOMAIN: [string, (name: string) => string][] = [
  ...WRAPS,
  ["as a domain for cookies", (name) => `Domain=.${name}; Secure`],
  ["as an address for mail", (name) => `Shop <orders@${name}>`],
];
/** A secret is what it is: another spelling is another one. */
const HIDDEN: [string, (value: string) => string][] = [
  ["alone", (value) => value],
  ["in a text", (value) => `mysql://shop:${value}@localhost/shop`],
];

interface Handle {
  what: string;
  wraps: [string, (name: string) => string][];
  of(pair: Pair): { value: string; origin: Footprint };
}

const HANDLES: Handle[] = [
  {
    what: "host name",
    wraps: DOMAIN,
    of: ({ origin }) => ({ value: origin.definition.hosts.public, origin: origin.footprint }),
  },
  {
    what: "test host name",
    wraps: DOMAIN,
    of: ({ origin }) => ({ value: origin.definition.hosts.test, origin: origin.footprint }),
  },
  {
    what: "DNS name",
    wraps: DOMAIN,
    of: ({ origin }) => ({
      value: origin.values.record,
      origin: changed(origin.footprint, { names: { public: [origin.values.record], zone: "test" } }),
    }),
  },
  {
    what: "floating address",
    wraps: WRAPS,
    of: ({ origin }) => ({
      value: origin.values.address,
      origin: changed(origin.footprint, { addresses: { site: { address: origin.values.address } } }),
    }),
  },
  {
    what: "address of a server",
    wraps: WRAPS,
    of: ({ origin }) => ({ value: `${origin.values.network}.40`, origin: origin.footprint }),
  },
  {
    what: "machine",
    wraps: DOMAIN,
    of: ({ origin }) => ({
      value: "prod7.example",
      origin: changed(origin.footprint, { provider: { ...PROVIDER, host: "prod7.example", port: 22 } }),
    }),
  },
  { what: "secret", wraps: HIDDEN, of: ({ origin }) => ({ value: origin.values.secret, origin: origin.footprint }) },
  {
    what: "credential",
    wraps: HIDDEN,
    of: ({ origin }) => ({ value: origin.values.credential, origin: origin.footprint }),
  },
];

/** Every place of a clone in which a text may stand. */
const PLACES: { where: string; put(clone: Footprint, text: string): Footprint }[] = [
  ...leadingTexts(
    environmentSchema.parse({
      ...shop,
      releases: {
        "1": {
          ...shop.releases["1"],
          prepare: "x",
          unlock: "x",
          build: "x",
          inputs: { BASE: "x" },
          runtime: { check: "x" },
        },
        "2": { ...shop.releases["2"], inputs: { BASE: "x" } },
      },
      checks: {
        ...shop.checks,
        read: [{ path: "/rows", headers: { "x-from": "x" }, body: "x" }],
        script: [{ run: "x" }],
      },
    }),
  ).map(({ at, name }) => ({
    where: name,
    put: (clone: Footprint, planted: string) => {
      const key = "key" in at ? at.key : [];
      return { ...clone, definition: edited(clone.definition, [{ key, to: planted }]) as EnvironmentDefinition };
    },
  })),
  {
    where: "an input of the store",
    put: (clone, planted) => ({
      ...clone,
      inputs: [...clone.inputs, { at: { command: "changeover inputs" }, name: "URL", text: planted }],
    }),
  },
  {
    where: "a credential",
    put: (clone, planted) => ({ ...clone, credentials: [...clone.credentials, seal("dsn", planted)] }),
  },
];

const textPlants: Plant[] = HANDLES.flatMap(({ what, wraps, of }) =>
  wraps.flatMap(([how, wrap]) =>
    PLACES.filter(({ where }) => !(where === "a credential" && how === "alone" && what === "credential")).map(
      ({ where, put }): Plant => ({
        name: `${what} ${how} in ${where}`,
        put: (pair) => {
          const { value, origin } = of(pair);
          return { kind: "input", clone: put(pair.clone, wrap(value)), origin };
        },
      }),
    ),
  ),
);

export const plants: Plant[] = [...hostPlants, ...recordPlants, ...placePlants, ...textPlants];

/** Each way about as often as any other, though most of them are texts. */
export const planting: fc.Arbitrary<Plant> = fc.oneof(
  ...[hostPlants, recordPlants, placePlants, placePlants, textPlants].map((some) => fc.constantFrom(...some)),
);
