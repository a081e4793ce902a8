/** What we say to HAProxy and what we understand of its answers, without a process. */
import { expect, test } from "vitest";
import { renderConfig } from "../../src/drivers/haproxy/config.ts";
import { addUp } from "../../src/drivers/haproxy/counters.ts";
import type { Desired } from "../../src/drivers/haproxy/desired.ts";
import { changes, parseMapFile, renderMap } from "../../src/drivers/haproxy/maps.ts";
import {
  firstAlert,
  joinAddress,
  parseMap,
  parseServers,
  parseTable,
  splitAddress,
} from "../../src/drivers/haproxy/parse.ts";
import { serially, sharing } from "../../src/drivers/haproxy/serial.ts";
import { socketPath } from "../../src/drivers/haproxy/start.ts";
import { checkAddress, checkServer, checkSettings, checkToken } from "../../src/model/load-balancer-check.ts";
import { Problem } from "../../src/model/problem.ts";

const settings = {
  port: 8080,
  hosts: { public: "shop.example", test: "test.shop.example" },
  health: { path: "/healthz?deep=1", headers: { "x-probe": '100% "sure"' }, status: 204 },
  page: "<h1>Back soon</h1>",
  retryAfterSeconds: 7,
  endpointPorts: { a: 3306, b: 3307 },
};
const desired: Desired = {
  settings,
  name: "lb-1",
  address: "127.0.0.9",
  socket: "/srv/lb/runtime.sock",
  connections: 8000,
  threads: 2,
  members: {
    a: [{ server: "app-1", address: "10.0.0.1", port: 8000 }],
    b: [{ server: "app-2", address: "fd00::2", port: 80 }],
  },
  endpoints: { a: { address: "10.0.0.5", port: 3306 }, b: null },
};

test("a restart finds members and endpoints in the configuration", () => {
  const config = renderConfig(desired);
  expect(config).toMatch(/backend web_a[^#]*server app-1 10\.0\.0\.1:8000 check /);
  expect(config).toMatch(/backend web_b[^#]*server app-2 \[fd00::2\]:80 check /);
  expect(config).toMatch(/listen db_a\n {2}mode tcp\n {2}bind 127\.0\.0\.9:3306\n[^#]*server db 10\.0\.0\.5:3306\n/);
  expect(config).toMatch(/listen db_b[^#]*server db 127\.0\.0\.1:1 disabled\n/);
  expect(config).not.toMatch(/server app.*\benabled\b/);
});

test("the tester's header is taken away before any backend is chosen", () => {
  const config = renderConfig(desired);
  expect(config.indexOf("del-header x-changeover-tester")).toBeGreaterThan(0);
  expect(config.indexOf("del-header x-changeover-tester")).toBeLessThan(config.indexOf("use_backend"));
});

const SERVERS = `
# pxname,svname,qcur,scur,status,check_status,check_code,last_chk,addr,
web_a,up,0,3,UP,L7OK,200,,10.0.0.1:8000,
web_a,checking,0,0,UP,* L7OK,200,,10.0.0.2:8000,
web_a,new,0,0,DRAIN 0/2,INI,,,10.0.0.3:8000,
web_a,fresh,0,0,UP,INI,,,10.0.0.4:8000,
web_a,well,0,0,DRAIN,L7OK,200,,10.0.0.5:8000,
web_a,dead,2,0,DOWN,L4CON,,Connection refused,[fd00::6]:80,
web_a,hidden,0,0,DOWN,L4CON,,Connection refused,10.0.0.8:80,
web_a,off,0,1,MAINT,L7OK,200,,10.0.0.7:8000,

1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight
4 web_a 1 up 10.0.0.1 2 0 1
4 web_a 2 checking 10.0.0.2 2 0 1
4 web_a 3 new 10.0.0.3 0 8 1
4 web_a 4 fresh 10.0.0.4 2 4 1
4 web_a 5 well 10.0.0.5 2 8 1
4 web_a 6 dead fd00::6 0 0 1
4 web_a 7 hidden 10.0.0.8 0 8 1
4 web_a 8 off 10.0.0.7 0 1 1

`;

test("a member is healthy only after a good check, and a drain is seen also on a server that is down", () => {
  const rows = parseServers(SERVERS);
  expect(rows.map(({ server, state, healthy }) => [server, state, healthy])).toEqual([
    ["up", "ready", true],
    ["checking", "ready", true],
    ["new", "drain", false],
    ["fresh", "ready", false],
    ["well", "drain", true],
    ["dead", "ready", false],
    ["hidden", "drain", false],
    ["off", "maintenance", false],
  ]);
  expect(rows[0]?.sessions).toBe(3);
  expect(rows[5]).toMatchObject({ address: "fd00::6", port: 80, check: "L4CON Connection refused", queued: 2 });
  expect(parseServers("")).toEqual([]);
});

test("addresses of both families go there and back", () => {
  for (const text of ["10.0.0.1:80", "[fd00::1]:3306"]) expect(joinAddress(splitAddress(text))).toBe(text);
});

test("maps are read from the socket and from their file alike", () => {
  const entries = new Map([
    ["public", "a"],
    ["test", "none"],
  ]);
  expect(parseMap("\n0x55d0 public a\n0x55d1 test none\n\n")).toEqual(entries);
  expect(parseMapFile(renderMap(entries))).toEqual(entries);
});

test("a map changes by the fewest commands, keys that stay are changed in place", () => {
  const from = new Map([
    ["public", "a"],
    ["old", "1"],
    ["same", "x"],
  ]);
  const to = new Map([
    ["public", "b"],
    ["same", "x"],
    ["new", "2"],
  ]);
  expect(changes("m", from, to)).toEqual(["set map m public b", "add map m new 2", "del map m old"]);
  expect(changes("m", to, to)).toEqual([]);
});

test("failed requests are those that are over and that nobody answered", () => {
  const table = parseTable(`# table: traffic, type: string, size:16, used:3
0x1: key=answered use=1 exp=0 conn_cnt=90 conn_cur=4 gpc0=0 gpc1=0 gpc2=0
0x2: key=request use=9 exp=0 conn_cnt=100 conn_cur=9 gpc0=20 gpc1=30 gpc2=3
0x3: key=upload use=0 exp=0 conn_cnt=7 conn_cur=0 gpc0=1 gpc1=2 gpc2=1`);
  // 100 came and 9 are open, 90 were answered of which 4 are open: 91 - 86 over without an answer, and one upload.
  expect(addUp(table)).toEqual({ requests: 107, held: 21, paged: 32, failed: 6 });
  expect(addUp(parseTable(""))).toEqual({ requests: 0, held: 0, paged: 0, failed: 0 });
});

test("an alert is told with its line and without HAProxy's prefixes, from the latest run only", () => {
  expect(
    firstAlert(
      "[ALERT]    (7) : config : parsing [haproxy.cfg.next:2] : parsing [haproxy.cfg.next:2] : 'bind' : wrong\n",
    ),
  ).toEqual({
    line: 2,
    why: "'bind' : wrong",
  });
  const log = `[ALERT]    (7) : backend 'web_a' has no server available!
[NOTICE]   (8) : path to executable is /usr/sbin/haproxy
[ALERT]    (8) : Starting frontend web: cannot bind socket (Address already in use) [127.0.0.9:8080]`;
  expect(firstAlert(log)?.why).toMatch(/^Starting frontend web: cannot bind socket .*\[127\.0\.0\.9:8080\]$/);
  expect(firstAlert("all is well")).toBeNull();
});

test("what HAProxy could misread is refused before it is written", () => {
  expect(() => checkSettings(settings)).not.toThrow();
  const bad = [
    { ...settings, page: "x".repeat(16_000) },
    { ...settings, health: { ...settings.health, path: "/a b" } },
    { ...settings, health: { ...settings.health, path: "/it's" } },
    { ...settings, health: { ...settings.health, headers: { "x-probe": "it's" } } },
    { ...settings, hosts: { public: "shop example", test: "t" } },
    { ...settings, hosts: { public: "Shop.example", test: "shop.example" } },
    { ...settings, endpointPorts: { a: 3306, b: 3306 } },
    { ...settings, port: 70_000 },
    { ...settings, retryAfterSeconds: 0 },
  ];
  for (const one of bad) expect(() => checkSettings(one)).toThrow(Problem);
  for (const name of ["a b", "a;del server web_a/b", "", "a\nb", "x".repeat(62)])
    expect(() => checkServer(name)).toThrow(Problem);
  expect(() => checkServer("shop-1.blue_2")).not.toThrow();
  expect(() => checkAddress({ address: "db.internal", port: 3306 })).toThrow(Problem);
  expect(() => checkAddress({ address: "10.0.0.1", port: 0 })).toThrow(Problem);
});

test("a refused token is not repeated in the message", () => {
  const canary = "secret; clear map x";
  expect(() => checkToken(canary)).toThrow(Problem);
  try {
    checkToken(canary);
  } catch (error) {
    expect(String(error)).not.toContain(canary);
  }
});

test("the runtime socket fits into a socket address however deep the server's folder lies", () => {
  expect(socketPath("/srv/lb-1")).toBe("/srv/lb-1/load-balancer/runtime.sock");
  const deep = `/${"deep/".repeat(40)}lb-1`;
  expect(socketPath(deep)).toMatch(/^\/tmp\/changeover-[0-9a-f]{16}\/runtime\.sock$/);
  expect(socketPath(deep)).not.toBe(socketPath(`${deep}2`));
  expect(socketPath("/srv/my servers/lb-1")).toMatch(/^\/tmp\//);
});

test("work under one key never overlaps and goes on after a failure", async () => {
  const seen: string[] = [];
  const work = (name: string) => async () => {
    seen.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, 5));
    seen.push(`${name} ends`);
    if (name === "one") throw new Error("one fails");
  };
  await expect(Promise.all([serially("k", work("one")), serially("k", work("two"))])).rejects.toThrow("one fails");
  await serially("k", async () => {});
  expect(seen).toEqual(["one begins", "one ends", "two begins", "two ends"]);
});

test("who asks while it is being done shares the next time, which begins after he asked", async () => {
  const begun: ((result: number) => void)[] = [];
  const ask = sharing(() => new Promise<number>((resolve) => void begun.push(resolve)));
  const asked = [ask()];
  await Promise.resolve();
  asked.push(ask(), ask());
  expect(begun).toHaveLength(1);
  begun[0]?.(1);
  await asked[0];
  await new Promise(setImmediate);
  expect(begun).toHaveLength(2);
  begun[1]?.(2);
  expect(await Promise.all(asked)).toEqual([1, 2, 2]);
  const failing = sharing(() => Promise.reject(new Error("no")));
  for (let turn = 0; turn < 2; turn++) await expect(failing()).rejects.toThrow("no");
});
