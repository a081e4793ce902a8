/** A floating address: one that clients know, and that one load balancer at a time holds and can hand over. */
import { z } from "zod";
import { Problem } from "./problem.ts";

export const addressesSchema = z
  .record(
    z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, "must be lower case letters, digits and dashes, at most 31"),
    z.strictObject({
      address: z.ipv4().describe("an address of the hosts' own network that no host has for its own"),
      on: z
        .union([z.int().min(1), z.string().regex(/^lb-[1-9]\d*$/, "must be a load balancer: its number, or lb-NUMBER")])
        .default(1)
        .describe("load balancer that holds it when the environment comes up: its number, or its name"),
    }),
  )
  .default({});

/** By which the address is first held: "lb-2". */
export const firstHolder = ({ on }: { on: number | string }): string => (typeof on === "number" ? `lb-${on}` : on);

/** What can be done about floating addresses on one server. */
export interface AddressHolder {
  readonly server: string;
  /** The host's own address. */
  readonly at: string;
  /** False where all servers share one machine: who holds an address is then a note on the server, and its move proves nothing. */
  readonly onNetwork: boolean;
  holds(address: string): Promise<boolean>;
  /** Safe to repeat. Nobody is told yet. */
  take(address: string): Promise<void>;
  /** Tells everybody on the network to send there from now on. */
  announce(address: string): Promise<void>;
  /** Safe to repeat; connections by it that still stand die. */
  release(address: string): Promise<void>;
  /** Connections by it that stand. */
  connections(address: string): Promise<number>;
  /**
   * Until it is told null, what belongs to connections that began elsewhere goes on to the host at `to`, which answers
   * it as before. Only where `whyNotPassing` is null; else those connections are cut when the network is told.
   */
  passOn(address: string, port: number, to: string | null): Promise<void>;
  passesOn(address: string): Promise<boolean>;
  whyNotPassing(): Promise<string | null>;
  /** By which the network knows this server. */
  hardware(): Promise<string>;
  /** Hardware addresses, of others than this server, that say on the network that they have it. */
  claimants(address: string): Promise<string[]>;
}

export interface Move {
  address: string;
  /** Who holds it as the plan was made; null for nobody. */
  from: string | null;
  to: string;
}

/** Where a move stands, read from who holds the address: before its beginning, between, or at its end. */
export type Standing = "before" | "between" | "done";

/** Compares and only then lets swap: whoever else has come to hold it meanwhile is never robbed. */
export function standingOf({ address, from, to }: Move, holders: readonly string[]): Standing {
  const [ours, others] = [holders.includes(to), holders.filter((holder) => holder !== to)];
  const expected = others.every((holder) => holder === from);
  if (ours && expected) return others.length === 0 ? "done" : "between";
  if (!ours && expected && others.length === (from === null ? 0 : 1)) return "before";
  const now = holders.length === 0 ? "nobody" : holders.map((holder) => `"${holder}"`).join(" and ");
  throw new Problem("refused", {
    what: `${address} is not moved to "${to}"`,
    why: `it was to be moved from ${from === null ? "nobody" : `"${from}"`}, and ${now} holds it now`,
    next: "changeover address list, then plan the move again",
  });
}

/** Said wherever a move of a noted address is told. */
export const ONLY_NOTED = "nothing: all servers share one machine, so who holds the address is only noted there";
