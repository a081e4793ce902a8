/** Every kind of thing that two environments can share, a line each; another kind is another line. */
import {
  type Claim,
  type Claims,
  databases,
  dnsNames,
  entrances,
  equal,
  floatingAddresses,
  folders,
  hostNames,
  inside,
  lineages,
  type Meets,
  networks,
  within,
} from "./claims.ts";
import type { Footprint, Intent, Place, Sealed } from "./footprint.ts";
import { credentialPlace, mentions, ownSecret } from "./mentions.ts";

/** `always`: between any two environments; `strict`: only for one that is to be apart, as a clone is. */
export type Harm = "always" | "strict";

/** One thing, and where it stands in each of the two. */
export interface Met {
  value: string;
  left: Touch;
  right: Touch;
}

export interface Touch {
  at: Place;
  /** What holds it, where the place alone does not say so. */
  name?: string;
}

interface Kind {
  kind: string;
  harm: Harm;
  forgivenBy?: keyof Intent;
  find(left: Footprint, right: Footprint): Met[];
}

export const kinds: readonly Kind[] = [
  { kind: "floating address", harm: "always", find: claimed(floatingAddresses) },
  { kind: "DNS name", harm: "always", find: claimed(dnsNames, { also: hostNames }) },
  { kind: "host name", harm: "strict", find: claimed(hostNames) },
  { kind: "network", harm: "always", find: claimed(networks, { meets: within }) },
  { kind: "load balancers and pools", harm: "always", find: claimed(entrances) },
  { kind: "database host", harm: "always", find: claimed(databases) },
  { kind: "folder of servers", harm: "always", find: claimed(folders, { meets: inside }) },
  { kind: "backup lineage", harm: "always", find: claimed(lineages), forgivenBy: "sameLineage" },
  { kind: "secret", harm: "always", find: sameSecrets },
  { kind: "credential", harm: "strict", find: sameCredentials },
  { kind: "input", harm: "strict", find: mentioned },
];

/** What may be the same in two environments, and why that is no matter. */
export const harmless = [
  { what: "artefact folders", why: "a release is packed from them and never written back" },
  { what: "names of servers, groups and votes", why: "each environment has its own, in folders of its own" },
  { what: "name, user and port of the database", why: "each environment has database servers of its own" },
] as const;

/** `also`: what may be the same thing in the other one, too. */
function claimed(claims: Claims, { also = (): Claim[] => [], meets = equal }: { also?: Claims; meets?: Meets } = {}) {
  return (left: Footprint, right: Footprint): Met[] => [
    ...pairs(claims(left), [...claims(right), ...also(right)], meets),
    // What both of them claim in this way is no matter here.
    ...pairs(also(left), claims(right), meets),
  ];
}

const pairs = (left: Claim[], right: Claim[], meets: Meets): Met[] =>
  left.flatMap((one) =>
    right
      .filter(({ value }) => meets(one.value, value))
      // Of two that lie in each other, the longer one is what is shared.
      .map(({ at, value }) => ({
        value: value.length > one.value.length ? value : one.value,
        left: one,
        right: { at },
      })),
  );

const HIDDEN = "the same value, not shown";

const same = (left: readonly Sealed[], right: readonly Sealed[]): [Sealed, Sealed][] =>
  left.flatMap((one) =>
    right.filter(({ digest }) => digest === one.digest).map((other): [Sealed, Sealed] => [one, other]),
  );

/** Never, by how they are made; so that it is seen and not believed. */
function sameSecrets(left: Footprint, right: Footprint): Met[] {
  return same(left.secrets, right.secrets).map(([one, other]) => ({
    value: HIDDEN,
    left: { at: ownSecret(left, one.name).at, name: one.name },
    right: { at: ownSecret(right, other.name).at, name: other.name },
  }));
}

/** What opens something for both may write for both; only people know of which it is not so. */
function sameCredentials(left: Footprint, right: Footprint): Met[] {
  const declared = (of: Footprint, { name }: Sealed) => of.definition.isolation.sharedCredentials.includes(name);
  return same(left.credentials, right.credentials)
    .filter(([one, other]) => !declared(left, one) && !declared(right, other))
    .map(([one, other]) => ({
      value: HIDDEN,
      left: { at: credentialPlace(left, one.name), name: one.name },
      right: { at: credentialPlace(right, other.name), name: other.name },
    }));
}

function mentioned(left: Footprint, right: Footprint): Met[] {
  return [
    ...mentions(left, right).map(({ text, named }) => ({ value: named.value, left: text, right: { at: named.at } })),
    ...mentions(right, left).map(({ text, named }) => ({ value: named.value, left: { at: named.at }, right: text })),
  ];
}
