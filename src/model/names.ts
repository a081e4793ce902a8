/** The key `names` of an environment file: who says where its names lead, and which names are its own. */
import { isIP } from "node:net";
import { z } from "zod";
import { credentialName } from "./credential.ts";
import { dnsName, isWithin } from "./dns-name.ts";
import { Problem } from "./problem.ts";

export const TSIG_ALGORITHMS = ["hmac-sha256", "hmac-sha512"] as const;

/** `public`: people come by it. `test`: only testers do, so it may lead nowhere. */
export type NameRole = "public" | "test";

/** A key's name is compared like any other, but may be called what a host may not. */
const keyName = z
  .string()
  .regex(
    /^(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/,
    "must be lower case letters, digits, _, dashes, dots",
  );

export const namesSchema = z.strictObject({
  server: z
    .strictObject({
      address: z.string().refine((text) => isIP(text) !== 0, "must be an IP address"),
      port: z.int().min(1).max(65535).default(53),
    })
    .optional()
    .describe("the zone's primary DNS server, which takes updates (RFC 2136)"),
  zone: dnsName.optional().describe("the zone in which all the names are"),
  key: z
    .strictObject({
      name: keyName,
      algorithm: z.enum(TSIG_ALGORITHMS).default("hmac-sha256"),
      credential: credentialName.describe("the secret in base64, set by name"),
    })
    .optional()
    .describe("the TSIG key that may change the names"),
  hostsFile: z
    .string()
    .min(1)
    .max(4000)
    .regex(/^[^\0]*$/, "must hold no zero byte")
    .optional()
    .describe("instead of a server: a file like /etc/hosts, and never that one"),
  ttlSeconds: z.int().min(1).max(86_400).default(60).describe("a name whose TTL is longer is not moved"),
  public: z.array(dnsName).max(50).optional().describe("names by which the public comes; hosts.public when left out"),
  test: z.array(dnsName).max(50).optional().describe("names for testers only; hosts.test when left out"),
});

export type NamesDefinition = z.infer<typeof namesSchema>;

/** What an environment's file says of names. */
interface Named {
  environment: string;
  hosts: { public: string; test: string };
  names?: NamesDefinition | undefined;
}

export interface OwnName {
  name: string;
  role: NameRole;
}

/** The names that may be moved, and no others. */
export function ownNames({ hosts, names }: Omit<Named, "environment">): OwnName[] {
  const of = (role: NameRole, list: readonly string[]) => list.map((name) => ({ name, role }));
  return [
    ...of("public", names?.public ?? [hosts.public.toLowerCase()]),
    ...of("test", names?.test ?? [hosts.test.toLowerCase()]),
  ];
}

export interface NamesFinding {
  path: readonly PropertyKey[];
  why: string;
}

/** Rules between its keys that the schema can't say. */
export function namesFindings(definition: Omit<Named, "environment">): NamesFinding[] {
  const { names } = definition;
  if (!names) return [];
  const { server, zone, key, hostsFile } = names;
  if ((server === undefined) === (hostsFile === undefined))
    return [{ path: ["names"], why: "must have either a server or a hostsFile" }];
  const found: NamesFinding[] = [];
  for (const [part, value] of Object.entries({ zone, key })) {
    if (server && value === undefined) found.push({ path: ["names"], why: `a server needs a ${part}` });
    if (hostsFile !== undefined && value !== undefined)
      found.push({ path: ["names", part], why: "a hosts file has none" });
  }
  const seen = new Set<string>();
  for (const { name, role } of ownNames(definition)) {
    const path = names[role] ? ["names", role] : ["hosts", role];
    if (seen.has(name)) found.push({ path, why: `${name} is there twice` });
    seen.add(name);
    if (!dnsName.safeParse(name).success) found.push({ path, why: `${name} can't be a name: list names.${role}` });
    else if (zone !== undefined && !isWithin(name, zone))
      found.push({ path, why: `${name} is not in zone ${zone}: list names.${role}` });
  }
  return found;
}

export type NamesPlace =
  | {
      kind: "dns";
      server: { address: string; port: number };
      zone: string;
      key: NonNullable<NamesDefinition["key"]>;
    }
  | { kind: "hosts-file"; path: string };

/** Throws a Problem when the environment has none. */
export function placeOfNames({ environment, names }: Omit<Named, "hosts">): NamesPlace {
  const { server, zone, key, hostsFile } = names ?? {};
  if (server && zone !== undefined && key) return { kind: "dns", server, zone, key };
  if (hostsFile !== undefined) return { kind: "hosts-file", path: hostsFile };
  throw new Problem("refused", {
    what: `environment "${environment}" has no names to move`,
    why: "its file has no `names`, so nobody knows which server to ask",
    next: "add it (docs/operate/names.md), then: changeover up environment.yaml",
  });
}

/** The same text for two environments whose names stand in the same place; null for one that has none. */
export function placeText(named: Omit<Named, "hosts">, beside: (path: string) => string): string | null {
  if (!named.names) return null;
  const place = placeOfNames(named);
  if (place.kind === "hosts-file") return `file ${beside(place.path)}`;
  return `${place.server.address} ${place.server.port} ${place.zone}`;
}
