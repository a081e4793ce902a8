/** What an environment claims for itself, one small reader per kind of thing: names, addresses, places, a lineage. */
import { type Footprint, lineageOf, type Place } from "./footprint.ts";
import { plainAddress, plainName } from "./spelling.ts";
import { leavesOf, partOf } from "./texts.ts";

export interface Claim {
  at: Place;
  /** In the one spelling in which two are the same. */
  value: string;
}

export type Claims = (of: Footprint) => Claim[];

export const hostNames: Claims = ({ definition: { hosts } }) =>
  (["public", "test"] as const).map((which) => ({ at: { key: ["hosts", which] }, value: plainName(hosts[which]) }));

/** `addresses: { NAME: { address } }`. */
export const floatingAddresses: Claims = ({ definition }) =>
  leavesOf(partOf(definition, "addresses"), ["addresses"])
    .filter(({ key, text }) => key.at(-1) === "address" || /^[0-9.]+$|:.*:/.test(text))
    .map(({ key, text }) => ({ at: { key }, value: plainAddress(text) }));

/** `names: { public, test }`: lists of what it says where to lead; its host names where a list is left out. */
export const dnsNames: Claims = (of) => {
  const part = partOf(of.definition, "names");
  if (typeof part !== "object" || part === null) return [];
  const listed = leavesOf(part, ["names"]).filter(({ key: [, role] }) => role === "public" || role === "test");
  const unsaid = hostNames(of).filter(({ at }) => "key" in at && !Object.hasOwn(part, at.key[1] ?? ""));
  return [...listed.map(({ key, text }) => ({ at: { key }, value: plainName(text) })), ...unsaid];
};

/** It was chosen when the environment first came up; no key says it. */
const CHOSEN: Place = { command: "changeover status" };

export const networks: Claims = ({ network }) => (network === null ? [] : [{ at: CHOSEN, value: network }]);

/** Pools are the load balancers' own: who has another's load balancers has its pools. */
export const entrances: Claims = ({ network, definition: { port } }) =>
  network === null ? [] : [{ at: { key: ["port"] }, value: `${network}.*:${port}` }];

export const databases: Claims = ({ network, definition: { database } }) =>
  network === null ? [] : [{ at: { key: ["database"] }, value: `${network}.*:${database.port}/${database.name}` }];

/** On this machine the home and the environment's name keep folders apart; on another one, what the file says. */
export const folders: Claims = ({ environment, definition: { provider } }) => {
  if (provider.kind !== "ssh") return [];
  const folder = `${provider.directory.replace(/\/+/g, "/").replace(/\/$/, "")}/${environment}`;
  return machinesOf(provider).map(({ value }) => ({
    at: { key: ["provider", "directory"] },
    value: `${value}:${provider.port}${folder}`,
  }));
};

export const lineages: Claims = ({ definition }) => [
  { at: { key: ["backups", "lineage"] }, value: lineageOf(definition) },
];

/** A machine that both stand on is no way from one to the other. */
export function machines({ definition: { provider } }: Footprint, from: Footprint): Claim[] {
  if (provider.kind !== "ssh") return [];
  const other = from.definition.provider;
  const theirs = other.kind === "ssh" ? machinesOf(other).map(({ value }) => value) : [];
  return machinesOf(provider).filter(({ value }) => !theirs.includes(value));
}

type Ssh = Extract<Footprint["definition"]["provider"], { kind: "ssh" }>;

/** A host takes one server of one environment, so two may list the same: only what both use at once is shared. */
const machinesOf = ({ host, hosts }: Ssh): Claim[] => [
  ...(host === undefined ? [] : [{ at: { key: ["provider", "host"] }, value: plainAddress(host) }]),
  ...(hosts ?? []).map((one, at) => ({ at: { key: ["provider", "hosts", String(at)] }, value: plainAddress(one) })),
];

export type Meets = (one: string, other: string) => boolean;

export const equal: Meets = (one, other) => one === other;

/** A narrow network may lie in a wide one. */
export const within: Meets = (one, other) => nested(one, other, ".");

/** Whoever removes the outer folder removes the inner one, too. */
export const inside: Meets = (one, other) => nested(one, other, "/");

const nested = (one: string, other: string, by: string): boolean =>
  one === other || one.startsWith(`${other}${by}`) || other.startsWith(`${one}${by}`);
