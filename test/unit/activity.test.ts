/** The activity: every request that changes something is written down with who asked and how it ended, reading is not. */
import { Hono } from "hono";
import { beforeEach, expect, test } from "vitest";
import { type ActivityBook, activityRoutes, writeDown } from "../../src/api/activity.ts";
import { toWire } from "../../src/api/problems.ts";
import { scriptRoutes } from "../../src/api/scripts.ts";
import { type Activity, type ActivityFilter, BY } from "../../src/model/activity.ts";
import { Problem } from "../../src/model/problem.ts";

let written: Omit<Activity, "at">[] = [];
let asked: ActivityFilter[] = [];
const book: ActivityBook = {
  record: async (done) => void written.push(done),
  read: async (filter) => {
    asked.push(filter);
    return [];
  },
};

const app = new Hono();
app.onError((error, context) =>
  context.json(
    toWire(error, (text) => text),
    409,
  ),
);
app.use(writeDown(book));
app.route("/activity", activityRoutes(book));
app.get("/upgrades/:id", (context) => context.json({}));
app.all("/upgrades/:id/:verb", (context) => context.json({}));
app.post("/upgrades/:id/gates/:gate", () => {
  throw new Problem("refused", { what: "no", why: "its deadline is over", next: "-" });
});
app.all("/environments/:name/:what", (context) => context.json({}));
app.delete("/environments/:name", (context) => context.json({}));

const send = (method: string, path: string) => app.request(path, { method, headers: { [BY]: "lena" } });

beforeEach(() => {
  written = [];
  asked = [];
});

test("a change is a sentence with its place and who asked; looking and planning are none", async () => {
  await send("POST", "/upgrades/u-1/pause");
  await send("DELETE", "/environments/live");
  await send("POST", "/environments/live/upgrades");
  await send("PUT", "/environments/live/lock");
  await send("DELETE", "/environments/live/lock");
  await send("POST", "/environments/live/something-new");
  await send("GET", "/upgrades/u-1");
  await send("POST", "/environments/live/plans");
  expect(written).toEqual([
    { by: "lena", environment: null, upgrade: "u-1", says: "pause", problem: null },
    { by: "lena", environment: "live", upgrade: null, says: "take live down", problem: null },
    { by: "lena", environment: "live", upgrade: null, says: "start an upgrade of live", problem: null },
    { by: "lena", environment: "live", upgrade: null, says: "lock live", problem: null },
    { by: "lena", environment: "live", upgrade: null, says: "unlock live", problem: null },
    { by: "lena", environment: "live", upgrade: null, says: "post environments/live/something-new", problem: null },
  ]);
});

test("what was refused is written down with the reason", async () => {
  expect((await send("POST", "/upgrades/u-1/gates/reopen")).status).toBe(409);
  expect(written).toEqual([
    { by: "lena", environment: null, upgrade: "u-1", says: 'answer gate "reopen"', problem: "its deadline is over" },
  ]);
});

test("it is filtered by what was asked, and refuses what it does not know", async () => {
  expect((await send("GET", "/activity?environment=live&since=5&limit=2")).status).toBe(200);
  expect(asked).toEqual([{ environment: "live", since: 5, limit: 2 }]);
  for (const bad of ["limit=0", "limit=many", "colour=red"])
    expect((await send("GET", `/activity?${bad}`)).status, bad).toBe(409);
});

test("a script is named as people named it, also one that is a path", async () => {
  const run: unknown[] = [];
  const scripts = { run: async (...asked: unknown[]) => void run.push(asked) };
  const api = new Hono();
  api.use(writeDown(book));
  api.route("/environments", scriptRoutes({ scripts } as never));
  const body = JSON.stringify({ selection: { kind: "all" }, by: "lena", yes: true });
  const path = `/environments/live/scripts/${encodeURIComponent("scripts/one.sh")}`;
  const asked = { method: "POST", headers: { [BY]: "lena" }, body };
  expect((await api.request(`${path}/runs`, asked)).status).toBe(200);
  await api.request(`${path}/plans`, { ...asked, body: JSON.stringify({ selection: { kind: "all" } }) });
  expect(run.map((one) => (one as [string, { script: string }])[1].script)).toEqual([
    "scripts/one.sh",
    "scripts/one.sh",
  ]);
  expect(written).toEqual([
    { by: "lena", environment: "live", upgrade: null, says: "run scripts/one.sh in live", problem: null },
  ]);
});
