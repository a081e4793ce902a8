/** What people see of an environment's floating addresses: who holds each, and who answers. Pure. */
import { ONLY_NOTED } from "../model/floating-address.ts";
import { oneLine } from "./ladder.ts";

export interface AddressView {
  name: string;
  address: string;
  /** The load balancer that the file names for the beginning. */
  wanted: string;
  /** Load balancers that hold it now; more than one while it is moved, or after a move that was cut short. */
  holders: string[];
  /** Load balancers, and hosts by their addresses, that could not be asked. */
  unknown: string[];
  /** Who answered when it was asked; null when nobody was asked. */
  answeredBy: string | null;
  /** From which server it was asked. */
  askedFrom: string | null;
  /** False where all servers share one machine. */
  onNetwork: boolean;
}

export interface AddressesView {
  environment: string;
  addresses: AddressView[];
}

export function drawAddresses({ environment, addresses }: AddressesView): string[] {
  if (addresses.length === 0) return [`${environment}: its file names no floating address`];
  const many = addresses.length === 1 ? "1 floating address" : `${addresses.length} floating addresses`;
  return [`${environment}: ${many}`, ...addresses.flatMap(drawAddress)];
}

export function drawAddress(view: AddressView): string[] {
  const { name, address, holders, unknown } = view;
  const held = holders.length === 0 ? "held by NOBODY" : `on ${holders.join(" AND ")}`;
  const asked = unknown.length === 0 ? "" : `; can't be asked: ${unknown.join(", ")}`;
  return [`  ${name.padEnd(12)} ${address.padEnd(15)} ${held}${asked}${drawAnswer(view)}`, ...drawAdvice(view)];
}

function drawAnswer({ holders, answeredBy, askedFrom, onNetwork }: AddressView): string {
  if (!onNetwork || answeredBy === null) return "";
  const right = holders.includes(answeredBy);
  return `; asked from ${askedFrom}: ${right ? `${answeredBy} answers` : `NOT by its holder but by ${oneLine(answeredBy)}`}`;
}

function drawAdvice({ name, holders, wanted, onNetwork }: AddressView): string[] {
  const lines: string[] = [];
  if (holders.length !== 1) {
    const why = holders.length === 0 ? "to let one hold it" : "a move was cut short; to end it";
    lines.push(`    ${why}: changeover address move ${name} ${holders.at(-1) ?? wanted}`);
  }
  if (!onNetwork && holders.length > 0) lines.push(`    this proves ${ONLY_NOTED}`);
  return lines;
}
