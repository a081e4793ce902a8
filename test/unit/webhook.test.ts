/** Messages over real HTTP: tried again where that can help and not elsewhere, and nothing of the address is told. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { sendMessage } from "../../src/drivers/webhook/send.ts";
import { systemClock } from "../../src/run/clock.ts";
import type { Message } from "../../src/model/alerts/message.ts";

const message: Message = {
  ...{
    id: "shop/lag/db-2/1/0/1",
    environment: "shop",
    alert: "lag",
    target: "db-2",
    event: "raised",
    synthetic: false,
  },
  ...{ condition: "lag over 1", metric: "lagTransactions", unit: "count", value: 2, says: "it is behind" },
  ...{ raisedAt: "2030-01-01T00:00:00.000Z", at: "2030-01-01T00:00:00.000Z" },
};
const quick = { timeoutMs: 500, pausesMs: [1, 1] };

let server: Server;

/** Answers with these, one after the other; null: never. Gives the address, and what came. */
async function receive(answers: (number | null)[]) {
  const came: IncomingHttpHeaders[] = [];
  server = createServer((request, response) => {
    const status = answers[came.length] ?? null;
    came.push(request.headers);
    request.resume();
    if (status !== null) response.writeHead(status, { location: "/elsewhere" }).end("x".repeat(100_000));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { came, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/path-secret?token=query-secret` };
}

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const whyOf = (work: Promise<void>): Promise<string> =>
  work.then(
    () => "none",
    (error: Error) => error.message,
  );

test("a receiver that fails is tried again under the same delivery, at most three times", async () => {
  const good = await receive([503, 429, 200]);
  expect(await whyOf(sendMessage(systemClock, message, { url: good.url, secret: "key" }, quick))).toBe("none");
  expect(new Set(good.came.map((headers) => headers["changeover-delivery"]))).toEqual(new Set([message.id]));
  expect(good.came.every((headers) => /^t=\d+,v1=[0-9a-f]{64}$/.test(String(headers["changeover-signature"])))).toBe(
    true,
  );
  server.close();
  const bad = await receive([500, 500, 500, 200]);
  expect(await whyOf(sendMessage(systemClock, message, { url: bad.url, secret: null }, quick))).toContain(
    "it answered 500",
  );
  expect(bad.came).toHaveLength(3);
  expect(bad.came[0]?.["changeover-signature"]).toBeUndefined();
});

test.each([400, 404, 410, 301])("one that answers %i is not asked twice", async (status) => {
  const { came, url } = await receive([status, 200]);
  expect(await whyOf(sendMessage(systemClock, message, { url, secret: null }, quick))).toContain(
    `it answered ${status}`,
  );
  expect(came).toHaveLength(1);
});

test("one that never answers costs no more than its time", async () => {
  const { url } = await receive([null, null, null]);
  const why = await whyOf(sendMessage(systemClock, message, { url, secret: null }, { ...quick, timeoutMs: 50 }));
  expect(why).toContain("no answer within 50 ms");
});

test("what the address hides is in no problem", async () => {
  const { url } = await receive([400]);
  const refused = await whyOf(sendMessage(systemClock, message, { url, secret: "signing-secret" }, quick));
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const unreached = await whyOf(sendMessage(systemClock, message, { url, secret: "signing-secret" }, quick));
  expect(unreached).toContain("it can't be reached: ECONNREFUSED");
  for (const why of [refused, unreached]) expect(why).not.toMatch(/path-secret|query-secret|signing-secret/);
});
