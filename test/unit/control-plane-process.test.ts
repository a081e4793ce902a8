/** A control plane that goes away between two questions of a command: it is asked again, but nothing is done twice. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { toWire } from "../../src/api/problems.ts";
import { ensureControlPlane } from "../../src/cli/control-plane-process.ts";
import { socketOf } from "../../src/cli/home.ts";
import { Problem } from "../../src/model/problem.ts";

let home: string;
let server: Server;
/** Paths that were asked for; `hangUp` names those that get no answer the first time. */
let asked: string[];
let hangUp: Set<string>;
/** Paths of which it says itself that something else does not answer. */
let refused: Set<string>;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "changeover-away-"));
  asked = [];
  hangUp = new Set();
  refused = new Set();
  server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    if (hangUp.delete(path)) return void request.socket.destroy();
    if (!refused.has(path)) return void response.end(JSON.stringify({ path }));
    const away = new Problem("unreachable", { what: "a host", why: "is away", next: "wait" });
    response.writeHead(503).end(JSON.stringify(toWire(away, (text) => text)));
  });
  await new Promise<void>((resolve) => server.listen(socketOf(home), resolve));
});

afterEach(() => {
  server.close().closeAllConnections();
  rmSync(home, { recursive: true, force: true });
});

test("what only reads is asked once more", async () => {
  const client = await ensureControlPlane(home);
  hangUp.add("/upgrades/u-1/report");
  expect(await client.get("/upgrades/u-1/report")).toEqual({ path: "/upgrades/u-1/report" });
  expect(asked).toEqual(["/health", "/upgrades/u-1/report", "/health", "/upgrades/u-1/report"]);
});

test("what changes something is not: nobody knows whether it was done", async () => {
  const client = await ensureControlPlane(home);
  hangUp.add("/upgrades");
  await expect(client.send("POST", "/upgrades", {})).rejects.toMatchObject({ kind: "unreachable" });
  expect(asked).toEqual(["/health", "/upgrades"]);
});

test("nor is what the control plane answered itself", async () => {
  const client = await ensureControlPlane(home);
  refused.add("/environments/live");
  await expect(client.get("/environments/live")).rejects.toMatchObject({
    kind: "unreachable",
    text: { what: "a host" },
  });
  expect(asked).toEqual(["/health", "/environments/live"]);
});
