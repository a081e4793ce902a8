/** Renders HAProxy's configuration from what the load balancer is meant to be; pure. */
import { ANSWERED_BY, type Slot } from "../../model/load-balancer.ts";
import type { Desired } from "./desired.ts";
import { joinAddress } from "./parse.ts";

/**
 * The same words in the file and for `add server`, which inherits nothing from `default-server`. Idle connections
 * are given up early: an application usually closes them after 5 s, and a POST on one that just closed is lost.
 */
/** Health pages ask databases: they may be slow for a moment. */
const CHECK_TIMEOUT = "5s";

export const SERVER_WORDS = "check inter 500ms fall 2 rise 1 pool-purge-delay 1s";

/** Bodies up to this many bytes are forwarded when they are whole; see the rules of the input below. */
const SMALL_BODY = 15_000;

export function renderConfig(desired: Desired): string {
  return [
    global(desired),
    defaults(),
    "# Counts of public requests; counters.ts says how they add up.",
    "backend traffic",
    "  stick-table type string len 16 size 16 nopurge store conn_cnt,conn_cur,gpc(3)",
    "",
    input(desired),
    web("a", desired),
    web("b", desired),
    database("a", desired),
    database("b", desired),
  ].join("\n");
}

/** Paths are relative to the folder HAProxy is started in: short, and the same words on the runtime socket. */
function global({ socket, connections, threads }: Desired): string {
  return `# Written by changeover at every change; edits are lost.
global
  stats socket unix@${socket} mode 600 level admin
  stats maxconn 20
  # Else a second HAProxy could share our port unnoticed; without reloads we never need two.
  noreuseport
  maxconn ${connections}
  nbthread ${threads}
  # Room for a page of 16 000 bytes and its headers.
  tune.bufsize 20480
  lua-load-per-thread hold.lua
`;
}

/**
 * No `abortonclose`: a client that leaves must not turn into an error made here, which would count as failed.
 * No `maxconn` per server: it would queue, and HAProxy 2.6 forgets its queue when a server comes back from drain.
 */
function defaults(): string {
  return `defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout tunnel 1h
  timeout client-fin 5s
  timeout queue 30s
  timeout http-keep-alive 30s
  timeout http-request 10s
  retries 3
  option redispatch 1
  retry-on conn-failure empty-response
`;
}

function input({ settings, name, address, connections }: Desired): string {
  const { port, retryAfterSeconds, everyAddress } = settings;
  const listening = everyAddress ? `*:${port}` : joinAddress({ address, port });
  const crowded = Math.floor(connections * 0.9);
  const page = "http-request set-var(txn.page) bool(true) if public";
  const answer = "http-request return status 503 content-type";
  const later = `hdr Retry-After ${retryAfterSeconds} hdr Cache-Control no-store`;
  const other = (from: Slot, to: Slot) =>
    `http-request set-var(txn.pool) str(${to}) if drawn { var(txn.slot) -m str ${from} } { nbsrv(web_${to}) gt 0 }`;
  const unknown = 'http-request return status 404 content-type text/plain string "unknown host\\n"';
  return `frontend web
  bind ${listening}
  option idle-close-on-response
  option forwardfor
  acl public var(txn.public) -m bool
  acl request var(txn.kind) -m str request
  acl paged var(txn.page) -m bool
  acl maintenance str(public),map_str(maps/maintenance.map,off) -m str on
  acl held str(public),map_str(maps/hold.map,0) -m int gt 0

  http-request set-var(txn.route) req.hdr(host),field(1,:),lower,map_str(maps/hosts.map,none)
  ${unknown} unless { var(txn.route) -m str public test }
  acl tester req.fhdr(x-changeover-tester),map_str(maps/testers.map,no) -m str yes
  http-request set-var(txn.public) bool(true) if { var(txn.route) -m str public } !tester
  http-request del-header x-changeover-tester

  # A request counts once it is whole: from then on HAProxy answers it also when its client has left.
  http-request wait-for-body time 30s at-least ${SMALL_BODY} if public
  http-request set-var(txn.arrived) req.body_len
  acl whole req.body_size,sub(txn.arrived) -m int le 0
  http-request reject if public !whole { req.body_len lt ${SMALL_BODY} }
  http-request set-var(txn.kind) str(request)
  # Too large to be awaited, or in chunks, which do not say whether they end or break off.
  http-request set-var(txn.kind) str(upload) if !whole or { req.fhdr(transfer-encoding) -m found }
  http-request track-sc0 var(txn.kind) table traffic if public

  ${page} maintenance
  ${page} held { fe_conn ge ${crowded} }
  http-request lua.hold if public held !paged
  ${page} maintenance
  ${page} { var(txn.lapsed) -m bool } { str(public),map_str(maps/lapse.map,open) -m str page }
  http-request track-sc1 str(answered) table traffic if paged request
  http-request sc-inc-gpc(1,0) if paged
  ${answer} "text/html; charset=utf-8" file page.html ${later} hdr changeover-page maintenance if paged

  http-request set-var(txn.slot) var(txn.route),map_str(maps/routes.map,none)
  ${answer} text/plain string "nobody serves this host name\\n" ${later} unless { var(txn.slot) -m str a b }
  # The share is the route's own: see routing.ts.
  http-request set-var(txn.share) var(txn.slot),map_str_int(maps/share.map,0)
  http-request set-var(txn.draw) rand(100),sub(txn.share) if public
  acl drawn var(txn.draw) -m int lt 0
  http-request set-var(txn.pool) var(txn.slot)
  ${other("a", "b")}
  ${other("b", "a")}
  http-request disable-l7-retry unless { method GET HEAD OPTIONS }
  http-response track-sc1 str(answered) table traffic if public request
  http-response set-var(txn.answered) bool(true)
  acl answered var(txn.answered) -m found
  http-after-response set-header Connection close if { dst,map_str(maps/closing.map,off) -m str on }
  http-after-response set-header ${ANSWERED_BY} "${name}" if { var(txn.route) -m str test }
  http-after-response set-var(txn.failed) sc_inc_gpc(2,0) if public !paged !answered { status ge 500 }
  use_backend web_%[var(txn.pool)]
`;
}

function web(slot: Slot, { settings, members }: Desired): string {
  // A header's value is a format, in which a percent sign stands for something.
  const headers = Object.entries(settings.health.headers)
    .map(([name, value]) => ` hdr ${name} '${value.replaceAll("%", "%%")}'`)
    .join("");
  const servers = members[slot].map((it) => `  server ${it.server} ${joinAddress(it)} ${SERVER_WORDS}\n`);
  return `backend web_${slot}
  balance roundrobin
  option httpchk
  timeout check ${CHECK_TIMEOUT}
  http-check send meth GET uri '${settings.health.path}' ver HTTP/1.1 hdr Host ${settings.hosts.public}${headers}
  http-check expect status ${settings.health.status}
${servers.join("")}`;
}

/** Idle pools of an application may keep a database connection for hours. */
function database(slot: Slot, { settings, address, endpoints }: Desired): string {
  const to = endpoints[slot];
  const server = to ? joinAddress(to) : "127.0.0.1:1 disabled";
  return `listen db_${slot}
  mode tcp
  bind ${joinAddress({ address, port: settings.endpointPorts[slot] })}
  timeout client 24h
  timeout server 24h
  timeout tunnel 24h
  option clitcpka
  option srvtcpka
  no option redispatch
  retry-on none
  retries 1
  server db ${server}
`;
}
