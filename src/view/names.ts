/** What people see of an environment's names: where each leads, for how long caches remember, what still is on its way. Pure. */
import { tooLong } from "../model/dns-name.ts";
import type { OwnName } from "../model/names.ts";
import type { NameRecord } from "../model/dns-name.ts";
import type { ProblemData } from "../model/upgrade.ts";
import { oneLine } from "./ladder.ts";

export interface NameView extends OwnName {
  /** With the servers of the environment that have them. */
  leads: { address: string; server: string | null }[];
  /** Null when it can't be told. */
  ttlSeconds: number | null;
  /** Why it must not be moved, or null. */
  blocked: string | null;
  /** Where caches may still lead people, and until when (milliseconds since 1970). */
  remembered: { from: string; until: number; upgrade: string }[];
}

export interface NamesView {
  environment: string;
  place: string;
  limitSeconds: number;
  readAt: number;
  names: NameView[];
  /** Whether we may change names there; null when nobody tried. */
  proof: { good: boolean; why: string | null; next: string | null } | null;
}

export interface NamesFacts {
  environment: string;
  place: string;
  limitSeconds: number;
  readAt: number;
  seen: readonly (OwnName & { record: NameRecord | null; problem: ProblemData | null })[];
  servers: readonly { name: string; address: string }[];
  remembered: readonly { name: string; from: string; until: number; upgrade: string }[];
  proof: NamesView["proof"];
}

export function viewNames({ seen, servers, remembered, ...rest }: NamesFacts): NamesView {
  const serverAt = (address: string) => servers.find((one) => one.address === address)?.name ?? null;
  const names = seen.map(({ name, role, record, problem }) => ({
    name,
    role,
    leads: (record?.addresses ?? []).map((address) => ({ address, server: serverAt(address) })),
    ttlSeconds: record?.ttlSeconds ?? null,
    blocked: record ? tooLong(record, rest.limitSeconds) : problem && `${problem.what}: ${problem.why}`,
    remembered: remembered
      .filter((one) => one.name === name)
      .map(({ from, until, upgrade }) => ({ from, until, upgrade })),
  }));
  return { ...rest, names };
}

/** A name of the public's that leads nowhere is as bad as one that can't be moved. */
export const isGood = ({ names, proof }: NamesView): boolean =>
  proof?.good !== false && names.every((one) => one.blocked === null && !leadsPublicNowhere(one));

const leadsPublicNowhere = ({ role, leads }: NameView): boolean => role === "public" && leads.length === 0;

export function drawNames(view: NamesView): string[] {
  const { environment, place, limitSeconds, names, proof } = view;
  const width = Math.max(...names.map(({ name }) => name.length));
  const lines = [
    `${environment}: names in ${place}; one whose TTL is longer than ${limitSeconds} s is not moved`,
    ...names.flatMap((one) => drawName(one, width, environment).map((line) => `  ${line}`)),
  ];
  if (proof?.good) lines.push("✓ names may be changed there; nothing was");
  if (proof && !proof.good) lines.push(`✗ ${oneLine(proof.why ?? "")}`, `  next: ${proof.next ?? ""}`);
  return lines;
}

export function drawName(one: NameView, width: number, environment: string): string[] {
  const { name, role, leads, ttlSeconds, blocked, remembered } = one;
  const where = leads
    .map(({ address, server }) => `${address} (${server ?? `no server of ${environment}`})`)
    .join(", ");
  const nowhere = leadsPublicNowhere(one) ? "LEADS NOWHERE" : "leads nowhere";
  const state =
    blocked === null ? (leads.length > 0 ? `TTL ${ttlSeconds} s` : "") : `NOT to be moved: ${oneLine(blocked)}`;
  const told = ttlSeconds === null ? "" : where || nowhere;
  return [
    [name.padEnd(width), role.padEnd(6), told, state].filter((part) => part !== "").join("  "),
    ...remembered.map(
      (still) => `  caches may still lead to ${still.from} until ${time(still.until)} (${still.upgrade})`,
    ),
  ];
}

const time = (at: number): string => `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
