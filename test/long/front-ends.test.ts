/** Front ends on a lab: two hosts that each hold a load balancer and an application server, two databases, one floating address. */
import http from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DriftAnswer } from "../../src/api/contract.ts";
import { misses } from "../../src/model/http-check.ts";
import type { LedgerSummary, Report } from "../../src/model/report.ts";
import { send } from "../../src/ledger/request.ts";
import type { AddressView } from "../../src/view/addresses.ts";
import { type Lab, labTrouble, openLab } from "../../src/providers/lab/lab.ts";
import { writeBoard } from "../product/board.ts";
import { answerOf, openProduct, type Product } from "../product/product.ts";
import { harmOf, NO_HARM, serving, sightOf } from "../product/sights.ts";

const PORT = 8080;
const HEALTH = { method: "GET", path: "/status", expect: { status: 200, body: '"status":"ok"' } };

describe.skipIf(labTrouble() !== null)("front ends (skipped where `npm run lab` can make no hosts)", () => {
  let lab: Lab;
  let product: Product;
  let address: string;

  beforeAll(async () => {
    lab = await openLab(8);
    address = `${lab.network}.0.100`;
    product = openProduct("front-ends");
    const up = await product.run(["up", fileWith(true, 4)]);
    expect(up.code, up.stderr).toBe(0);
  }, 120_000);
  afterAll(async () => {
    const down = await product?.run(["down", "--all"]);
    await product?.end();
    await lab?.close();
    expect(down?.code, down?.stderr).toBe(0);
  }, 60_000);

  const fileWith = (frontEnds: boolean, hosts: number): string =>
    writeBoard(product.folder, (definition) => {
      const provider = { ...lab.provider, hosts: lab.provider.hosts.slice(0, hosts) };
      Object.assign(definition, { provider, port: PORT, loadBalancers: 2 });
      definition.addresses = { www: { address, on: 1 } };
      Object.assign(definition.application as object, { servers: 2, frontEnds });
      Object.assign(definition.limits, { stopSeconds: 2, drainSeconds: 3 });
    });

  const hostsNow = async (): Promise<string[]> => {
    const { loadBalancers, applications, databases } = (await product.status("board")).inventory;
    const records = [...loadBalancers, ...applications, ...databases].map(({ record }) => record);
    return [1, 2, 3, 4, 5, 6, 7, 8].map((host) =>
      records
        .filter((record) => record.address === lab.address(host))
        .map(({ name }) => name)
        .join(" "),
    );
  };
  const FOUR = ["lb-1 app-1", "lb-2 app-2", "db-1", "db-2", "", "", "", ""];
  const drift = async () => (await product.answer<DriftAnswer>(["drift", "board"])).drift;

  test("they come up on four hosts, serve, and are as their file says", async () => {
    expect(await hostsNow()).toEqual(FOUR);
    const status = await product.status("board");
    expect(sightOf(status)).toMatchObject({ ...serving("2024.1", { servers: 2, workers: 0 }, "upgraded") });
    // Each finds its database through the load balancer beside it.
    expect(status.inventory.applications.map(({ installed }) => installed?.database.address)).toEqual([
      lab.address(1),
      lab.address(2),
    ]);
    expect(await drift()).toEqual([]);
  });

  test("the floating address goes from host to host, asked from a database's, and clients lose nothing", async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
    const target = { address, port: PORT };
    const seen = { good: 0, bad: [] as string[] };
    let stopped = false;
    const client = async () => {
      while (!stopped) {
        const outcome = await send(HEALTH, { target, host: "board.test", timeoutMs: 10_000, agent });
        const missed = "error" in outcome ? outcome.error : misses(HEALTH, outcome.answer);
        if (missed === null) seen.good += 1;
        else seen.bad.push(missed);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    const clients = [client(), client()];
    const moved = await product.answer<Record<string, string>>(["address", "move", "www", "lb-2"]);
    const shown = await product.answer<AddressView>(["address", "show", "www"]);
    stopped = true;
    await Promise.all(clients);
    agent.destroy();
    expect(moved).toMatchObject({ state: "upgraded", answeredBy: "lb-2" });
    expect(shown).toMatchObject({ holders: ["lb-2"], answeredBy: "lb-2", askedFrom: "db-2" });
    expect(seen.bad).toEqual([]);
    expect(seen.good).toBeGreaterThan(20);
  });

  test("an application server is relaunched beside its load balancer, under clients of both", async () => {
    const book = join(product.folder, "book.jsonl");
    const ledger = product.start(["ledger", "board", "--seconds", "15", "--file", book, "--json"]);
    const relaunched = await product.run(["server", "relaunch", "board", "app-1"]);
    expect(relaunched.code, relaunched.stderr).toBe(0);
    const ran = await ledger.ended;
    const summary = answerOf<LedgerSummary>(ran);
    expect(harmOf(summary)).toEqual(NO_HARM);
    expect(summary.writes.acknowledged).toBeGreaterThan(10);
    expect([await hostsNow(), await drift()]).toEqual([FOUR, []]);
  });

  test("a major upgrade says that it would split them, and does it when the file says so, with nothing lost", async () => {
    const refused = await product.run(["plan", "board", "--to", "2024.2"]);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toMatch(/no front end has to be split.*application\.frontEnds: false/s);
    const few = await product.run(["up", fileWith(false, 4)]);
    expect(few.stderr).toContain(
      "2 load balancers, 2 application servers and 2 databases need 6 hosts, and here are 4",
    );
    const split = await product.run(["up", fileWith(false, 8)]);
    expect(split.code, split.stderr).toBe(0);
    const ran = await product.run(["upgrade", "board", "--to", "2024.2", "--yes", "--ledger", "--json"]);
    expect(ran.code, ran.stderr).toBe(0);
    expect(harmOf(answerOf<Report>(ran))).toEqual(NO_HARM);
    expect(await hostsNow()).toEqual(["lb-1", "lb-2", "db-1", "db-2", "app-3", "app-4", "", ""]);
    expect(sightOf(await product.status("board"))).toEqual(serving("2024.2", { servers: 2, workers: 0 }, "upgraded"));
    expect(await drift()).toEqual([]);
  });
});
