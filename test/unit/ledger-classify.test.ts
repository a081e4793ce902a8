/** What a client makes of an answer: whose it is, and whether its write is done. */
import { expect, test } from "vitest";
import { classify, judgeWrite, retryDelayMs } from "../../src/ledger/classify.ts";
import type { Outcome } from "../../src/ledger/request.ts";

const answer = (status: number, headers: Record<string, string> = {}, body = ""): Outcome => ({
  answer: { status, headers, body },
});
const page = answer(503, { "changeover-page": "maintenance", "retry-after": "3" });
const check = { method: "POST", path: "/orders", expect: { status: 201 } };

test("only a 503 that says so is the page; another 5xx, and no answer, is a failure", () => {
  expect(classify(answer(200), 200)).toEqual({ kind: "application" });
  expect(classify(answer(404), 200)).toEqual({ kind: "application" });
  expect(classify(page, 200)).toEqual({ kind: "page" });
  expect(classify(answer(503), 200)).toEqual({ kind: "failed", why: "status 503" });
  expect(classify(answer(500, { "changeover-page": "maintenance" }), 200).kind).toBe("failed");
  expect(classify({ error: "ECONNRESET" }, 200)).toEqual({ kind: "failed", why: "ECONNRESET" });
});

test("a write is done only when the application says so as it was told to", () => {
  expect(judgeWrite(check, answer(201), 1)).toBe("done");
  expect(judgeWrite(check, answer(200), 1)).toBe("refused");
  expect(judgeWrite(check, answer(200), 2)).toBe("done");
  expect(judgeWrite(check, answer(400), 1)).toBe("refused");
  expect(judgeWrite(check, answer(429), 1)).toBe("open");
  expect(judgeWrite(check, page, 1)).toBe("open");
  expect(judgeWrite(check, answer(500), 1)).toBe("open");
  expect(judgeWrite(check, { error: "ECONNRESET" }, 1)).toBe("open");
});

test("an error shown with a good status is not an acknowledgement, not even at the second try", () => {
  const strict = { ...check, expect: { status: 200, body: "stored" } };
  expect(judgeWrite(strict, answer(200, {}, "stored k-1"), 1)).toBe("done");
  expect(judgeWrite(strict, answer(200, {}, "sorry"), 1)).toBe("open");
  expect(judgeWrite(strict, answer(201, {}, "sorry"), 2)).toBe("open");
});

test("a client waits as long as the page asks, but never for ever and never not at all", () => {
  expect(retryDelayMs(page, 1)).toBe(3000);
  expect(retryDelayMs(answer(503, { "retry-after": "900" }), 1)).toBe(5000);
  expect(retryDelayMs(answer(503, { "retry-after": "0" }), 1)).toBe(200);
  expect(retryDelayMs({ error: "ECONNRESET" }, 3)).toBe(1500);
});
