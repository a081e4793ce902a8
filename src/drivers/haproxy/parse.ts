/** Reads what HAProxy prints on its runtime socket: statistics, maps, the table of counts. */
import type { Endpoint, Member, ServerAnswers } from "../../model/load-balancer.ts";

type Row = Record<string, string>;

/** A table: a line of column names after `# `, then one line per row until an empty one. */
function parseRows(text: string, firstColumn: string, separator: string): Row[] {
  const lines = text.split("\n");
  const head = lines.findIndex((line) => line.startsWith(`# ${firstColumn}${separator}`));
  const names = lines[head]?.slice(2).split(separator);
  if (!names) return [];
  const end = lines.indexOf("", head);
  return lines.slice(head + 1, end < 0 ? lines.length : end).map((line) => {
    const cells = line.split(separator);
    return Object.fromEntries(names.map((name, at) => [name, cells[at] ?? ""]));
  });
}

export interface ServerRow extends Member {
  /** The last check in words, "" before the first one. */
  check: string;
  /** Requests that wait for this server. */
  queued: number;
}

/** A running check is printed with a star before the result of the last one. */
function lastCheck(row: Row): string {
  const status = (row.check_status ?? "").replace(/^\* /, "");
  if (status === "INI" || status === "") return "";
  return [status, row.check_code, row.last_chk].filter(Boolean).join(" ");
}

/** Bits of `srv_admin_state`; 0x04 says how the file began and stays for ever, so it is not among them. */
const MAINTENANCE = 0x01 | 0x02 | 0x20;
const DRAIN = 0x08 | 0x10;

/**
 * The answers to `show stat` and `show servers state` together. The status of the first hides a drain while a server
 * is down, and after its first good check it would stay drained: what was asked for stands only in the second.
 */
export function parseServers(text: string): ServerRow[] {
  const asked = new Map(
    parseRows(text, "be_id", " ").map((row) => [row.srv_name, Number(row.srv_admin_state)] as const),
  );
  return parseRows(text, "pxname", ",").map((row) => serverOf(row, asked.get(row.svname) ?? 0));
}

/** Each kind of status is counted by itself. Of the times, `rtime` alone has neither the client nor our waiting in it. */
export function parseAnswers(text: string): ServerAnswers[] {
  return parseRows(text, "pxname", ",").map((row) => {
    const counts = ["1xx", "2xx", "3xx", "4xx", "5xx", "other"].map((kind) => Number(row[`hrsp_${kind}`] ?? 0));
    const answers = counts.reduce((sum, each) => sum + each, 0);
    const latencyMs = answers > 0 ? Number(row.rtime ?? 0) : null;
    return { server: row.svname ?? "", answers, errors: Number(row.hrsp_5xx ?? 0), latencyMs };
  });
}

/** `show stat` of a frontend: connections that clients have to it. */
export const parseConnections = (text: string): number =>
  parseRows(text, "pxname", ",").reduce((sum, row) => sum + Number(row.scur ?? 0), 0);

function serverOf(row: Row, asked: number): ServerRow {
  const status = row.status ?? "";
  const check = lastCheck(row);
  const { address, port } = splitAddress(row.addr ?? "");
  return {
    server: row.svname ?? "",
    address,
    port,
    state: asked & MAINTENANCE ? "maintenance" : asked & DRAIN ? "drain" : "ready",
    // Before its first check HAProxy calls a server up; we do not.
    healthy: check !== "" && (status.startsWith("UP") || (status === "DRAIN" && check.startsWith("L7OK"))),
    sessions: Number(row.scur ?? 0),
    check,
    queued: Number(row.qcur ?? 0),
  };
}

/** "10.0.0.1:80" and "[fd00::1]:80". */
export function splitAddress(text: string): Endpoint {
  const colon = text.lastIndexOf(":");
  return { address: text.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(text.slice(colon + 1)) };
}

export function joinAddress({ address, port }: Endpoint): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** `show map`: an internal reference, the key, the value. */
export function parseMap(text: string): Map<string, string> {
  const entries = text
    .split("\n")
    .map((line) => /^0x[0-9a-f]+ (\S+) (.*)$/.exec(line.trim()))
    .filter((match) => match !== null);
  return new Map(entries.map((match) => [match[1] ?? "", match[2] ?? ""]));
}

export interface TableEntry {
  /** Requests counted under this key, and those of them that are not over. */
  begun: number;
  open: number;
  counts: number[];
}

/** `show table`: one line per key with name=value pairs. */
export function parseTable(text: string): Map<string, TableEntry> {
  const entries = new Map<string, TableEntry>();
  for (const line of text.split("\n")) {
    const values = new Map([...line.matchAll(/(\w+)=(\S+)/g)].map((pair) => [pair[1], pair[2]]));
    const key = values.get("key");
    if (key === undefined) continue;
    const number = (name: string) => Number(values.get(name) ?? 0);
    entries.set(key, {
      begun: number("conn_cnt"),
      open: number("conn_cur"),
      counts: [number("gpc0"), number("gpc1"), number("gpc2")],
    });
  }
  return entries;
}

/** The first alert of the latest `haproxy` run in this text, without its prefix; null when there is none. */
export function firstAlert(text: string): { line: number | null; why: string } | null {
  const latest = text.slice(Math.max(0, text.lastIndexOf("path to executable")));
  for (const raw of latest.split("\n")) {
    const alert = /^\[ALERT\]\s+\(\d+\) : (?:config : )?(.*)$/.exec(raw.trim())?.[1];
    if (!alert) continue;
    const line = /^(?:parsing )?\[[^\]]*:(\d+)\]/.exec(alert)?.[1];
    const why = alert.replace(/^(?:(?:parsing )?\[[^\]]*:\d+\] ?: ?)+/, "").trim();
    return { line: line ? Number(line) : null, why };
  }
  return null;
}
