/** The law of secrets in inputs: planted at every level, by name and as a text, a value is in nothing that anybody is told. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Hono } from "hono";
import { writeDown } from "../../src/api/activity.ts";
import { inputRoutes } from "../../src/api/inputs.ts";
import { toWire } from "../../src/api/problems.ts";
import type { InputSet, Place } from "../../src/model/inputs/set.ts";
import type { InputValue } from "../../src/model/inputs/value.ts";
import type { LaunchInput } from "../../src/model/launch.ts";
import { asProblem } from "../../src/model/problem.ts";
import { inputsForLaunch } from "../../src/run/launch-inputs.ts";
import { replaceInputs } from "../../src/store/inputs.ts";
import * as views from "../../src/view/inputs.ts";
import { type InputFixture, openInputFixture, reads, templateRef } from "./input-desk.ts";

/** One for each way in: by the name of a credential, or as a text that somebody wrote before it was known as a secret. */
const LEVELS = ["script", "template", "environment", "group", "server", "launch"];
const NAMED = Object.fromEntries(LEVELS.map((level) => [level, `named ${level} "sesame" & 100%`]));
const WRITTEN = Object.fromEntries(LEVELS.map((level) => [level, `written ${level} /barley+${level}`]));

let all: InputFixture;
let app: Hono;
/** Everything that was told, in any way. */
let told = "";
const tell = (what: unknown) => {
  told += `${typeof what === "string" ? what : JSON.stringify(what)}\n`;
};

/** An input of each kind whose value comes from this level. */
const planted = (level: string): Record<string, InputValue> => ({
  [`NAMED_${level}`]: { credential: level },
  [`LIST_${level}`]: { array: [{ text: "user" }, { credential: level }, { text: `${WRITTEN[level]}` }] },
  [`KEY_${level}`]: { key: level },
  [`WRITTEN_${level}`]: { text: `https://me:${encodeURIComponent(`${WRITTEN[level]}`)}@host` },
});

const everyInput = Object.fromEntries(
  LEVELS.flatMap((level) =>
    Object.entries(planted(level)).map(([name, value]) => [name, level === "script" ? { default: value } : {}]),
  ),
);

const launched = (level: string): Record<string, LaunchInput> =>
  Object.fromEntries(
    Object.entries(planted(level)).map(([name, value]) => [
      name,
      { value, level: "environment", from: "shop" } as LaunchInput,
    ]),
  );

function held(place: Place): InputSet {
  const lease = { by: "anna", why: `for ${WRITTEN[place.level]}`, since: 0, until: all.clock.now() + 3_600_000 };
  return Object.entries(planted(place.level)).map(([input, value]) => ({
    ...{ place, input, value },
    lease: place.level === "environment" ? null : lease,
  }));
}

beforeAll(async () => {
  all = await openInputFixture();
  all.templates.set("web", {
    scripts: [
      reads("configure", everyInput),
      reads("again", { WRITTEN_script: { default: { text: `other ${WRITTEN.script}` } } }),
      reads("strict", { WRITTEN_environment: { choices: ["none"] }, MISSING: { required: true } }),
    ],
    values: planted("template"),
  });
  await all.launch("app-1", { ...launched("server"), ...launched("launch") });
  await all.launch("burst-1", launched("group"));
  all.defined.push({ server: "app-2", group: null, template: templateRef("web") });
  await replaceInputs(all.store, "shop", [
    ...held({ level: "environment", owner: "" }),
    ...held({ level: "group", owner: "burst" }),
    ...held({ level: "server", owner: "app-1" }),
  ]);
  // Known from here on: what was written before is in the tables and on the servers as it is.
  for (const level of LEVELS) {
    all.credentials.set("shop", level, `${NAMED[level]}`);
    all.credentials.set("shop", `${level}-too`, `${WRITTEN[level]}`);
  }
  app = new Hono();
  app.onError((error, context) => context.json(toWire(error, all.parts.redact), 400));
  app.use(
    writeDown({
      record: async (done) => tell({ ...done, problem: done.problem && all.parts.redact(done.problem) }),
      read: async () => [],
    }),
  );
  app.route("/environments", inputRoutes(all.desk));
}, 60_000);
afterAll(() => all.close(), 60_000);

async function ask(method: string, path: string, body?: object): Promise<unknown> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify({ by: "anna", ...body }) };
  const answer = await app.request(`/environments/shop/inputs${path}`, init);
  tell(`${answer.status} ${[...answer.headers]}`);
  const text = await answer.text();
  tell(text);
  return JSON.parse(text);
}

function draw<T>(lines: (view: T) => string[], view: unknown): void {
  expect(view).not.toHaveProperty("status");
  tell(lines(view as T).join("\n"));
}

/** As it is, in a URL, in JSON, and in the header of basic authentication. */
const spellings = (value: string): string[] => [
  ...[value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)],
  Buffer.from(`me:${value}`).toString("base64"),
];

test("no look, edit, problem, history or launch tells a value that is kept secret", async () => {
  draw(views.drawInputs, await ask("GET", ""));
  draw(views.drawCrossReference, await ask("GET", "/cross-reference"));
  draw(views.drawDifferences, await ask("GET", "/differences"));
  draw(views.drawDifferences, await ask("GET", "/differences?left=app-1&right=app-2"));
  const environment: Place = { level: "environment", owner: "" };
  const server: Place = { level: "server", owner: "app-1" };
  draw(views.drawEdited, await ask("PUT", "", { place: environment, values: { PLAIN: { text: "x" } }, why: "y" }));
  await ask("PUT", "", { place: server, values: { PLAIN: { text: "x" } }, why: `${NAMED.launch}` });
  const { WRITTEN_launch: _, LIST_launch: __, ...byName } = planted("launch");
  draw(views.drawEdited, await ask("PUT", "", { place: server, values: byName, why: "a trial" }));
  for (const level of LEVELS) {
    const [named, written] = [`${NAMED[level]}`, `a ${WRITTEN[level]} b`];
    for (const text of [named, written, Buffer.from(named).toString("base64")]) {
      for (const values of [{ OPEN: { text } }, { OPEN: { array: [{ text: "user" }, { text }] } }])
        expect(await ask("PUT", "", { place: environment, values })).toMatchObject({
          title: "OPEN can't have this value",
        });
    }
    const wrong = { place: environment, values: { OPEN: { txt: named }, [named]: { text: written } } };
    await ask("PUT", "", wrong);
  }
  draw(views.drawEdited, await ask("POST", "/promotions", { place: server, names: ["WRITTEN_server", "LIST_server"] }));
  draw(views.drawEdited, await ask("POST", "/drops", { place: null, names: null }));
  draw(views.drawEdited, await ask("POST", "/unsettings", { names: ["WRITTEN_environment"] }));
  draw(views.drawHistory, await ask("GET", "/history"));
  draw(views.drawDifferences, await ask("GET", "/differences?since=1"));
  draw(views.drawEdited, await ask("POST", "/reverts", { number: 1 }));
  await ask("POST", "/reverts", { number: 99 });
  for (const name of ["app-1", "app-2", "burst-1"]) {
    const wish = { server: name, values: {}, keep: "once" as const, hours: null, by: "anna", why: "" };
    tell(toWire(await inputsForLaunch(all.parts, "shop", wish).catch(asProblem), all.parts.redact));
  }
  for (const value of [...Object.values(NAMED), ...Object.values(WRITTEN)])
    for (const spelling of spellings(value)) expect(told.includes(spelling), spelling).toBe(false);
  // They were there to be told: each level's inputs are listed by name, and what was written says that it is left out.
  for (const level of LEVELS) expect(told).toContain(`NAMED_${level}`);
  expect(told).toContain("credential:environment");
  expect(told).toContain("https://me:‹secret›@host");
});

test("what the tables and servers hold by name is no value either", async () => {
  const { rows } = await all.store.query(
    "select i::text as told from changeover.inputs i union all select s::text from changeover.input_snapshots s",
  );
  const kept = JSON.stringify([rows, await all.launchFile("app-1"), await all.launchFile("burst-1")]);
  for (const value of Object.values(NAMED))
    for (const spelling of spellings(value)) expect(kept.includes(spelling), spelling).toBe(false);
  expect(kept).toContain("NAMED_server");
});
