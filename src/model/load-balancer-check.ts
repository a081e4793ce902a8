/** Refuses what no load balancer could be told, before anything is written. */
import { isIP } from "node:net";
import type { Endpoint, LoadBalancerSettings } from "./load-balancer.ts";
import { Problem } from "./problem.ts";

const PAGE_LIMIT = 16_000;

function refuse(what: string, why: string, next: string): never {
  throw new Problem("bad-input", { what, why, next });
}

export function checkSettings({ hosts, health, page, retryAfterSeconds, ...ports }: LoadBalancerSettings): void {
  for (const name of [hosts.public, hosts.test]) {
    if (!/^[a-z0-9.-]{1,200}$/i.test(name))
      refuse(`host name "${name}"`, "it is not a host name", "edit the environment file");
  }
  if (hosts.public.toLowerCase() === hosts.test.toLowerCase()) {
    refuse(`host name "${hosts.test}"`, "the public and the test route need different names", "edit hosts.test");
  }
  if (!/^\/[\x21\x23-\x26\x28-\x7e]*$/.test(health.path)) {
    refuse(
      `health check path ${JSON.stringify(health.path)}`,
      "a path begins with / and has no spaces or quotes",
      "edit checks.health.path",
    );
  }
  for (const [name, value] of Object.entries(health.headers)) {
    if (!/^[\w-]+$/.test(name) || !/^[\x20-\x26\x28-\x7e]*$/.test(value)) {
      refuse(`health check header "${name}"`, "it has quotes or line breaks", "edit checks.health.headers");
    }
  }
  const bytes = Buffer.byteLength(page);
  if (bytes >= PAGE_LIMIT) {
    refuse("the maintenance page", `it has ${bytes} bytes, the limit is ${PAGE_LIMIT}`, "shorten maintenance.page");
  }
  if (!Number.isInteger(retryAfterSeconds) || retryAfterSeconds < 1) {
    refuse(
      `retryAfterSeconds ${retryAfterSeconds}`,
      "it must be a whole number of seconds",
      "edit maintenance.retryAfterSeconds",
    );
  }
  const all = [ports.port, ports.endpointPorts.a, ports.endpointPorts.b];
  for (const port of all) checkPort(port);
  if (new Set(all).size < all.length) refuse(`ports ${all.join(", ")}`, "they must differ", "edit the ports");
}

function checkPort(port: number): void {
  if (!Number.isInteger(port) || port < 1 || port > 65535) refuse(`port ${port}`, "it is not a port", "edit the ports");
}

/** Names are never resolved at run time, so only addresses will do. */
export function checkAddress({ address, port }: Endpoint): void {
  if (isIP(address) === 0) refuse(`address "${address}"`, "it is not an IP address", "give the server's address");
  checkPort(port);
}

export function checkServer(name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,60}$/.test(name)) return;
  refuse(
    `server name ${JSON.stringify(name)}`,
    "a name has letters, digits, dots, dashes only, at most 61",
    "rename the server",
  );
}

/** The token itself is a secret and stays out of the message. */
export function checkToken(token: string): void {
  if (/^[A-Za-z0-9._~-]{8,200}$/.test(token)) return;
  refuse("a tester's token", "it must be 8 to 200 letters, digits, dots, dashes", "make another token");
}

export function checkHold(seconds: number): void {
  if (seconds > 0 && seconds <= 3600) return;
  refuse(
    `a hold of ${seconds} s`,
    "a hold is a short promise: more than 0 and at most 3600 s",
    "choose fewer seconds and renew",
  );
}

export function checkShare(percent: number): void {
  if (Number.isInteger(percent) && percent >= 0 && percent <= 100) return;
  refuse(`a share of ${percent} %`, "a share is a whole number from 0 to 100", "choose such a number");
}
