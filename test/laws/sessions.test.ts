/** Law: a drained server goes when its last session has ended or its deadline has passed, whichever is first, whoever dies. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Plan } from "../../src/model/plan.ts";
import { letSessionsEnd } from "../../src/plan/sessions.ts";
import { act, inOrder } from "../../src/plan/stage.ts";
import { awaitNoSessions } from "../../src/steps/await-no-sessions.ts";
import { retireServers } from "../../src/steps/retire-servers.ts";
import type { Mortal } from "./mortal.ts";
import { bringUp, run } from "./run.ts";
import { shop } from "./shop.ts";

/** For the steps themselves, and for a control plane that has to look around after the death of another. */
const SLACK_MS = 4_000;

/** More moments than a control plane has by itself in this plan: it dies by the clock. */
const MOMENT = 200;

function dieNow(plane: Mortal): void {
  for (let moment = 0; moment <= MOMENT; moment++) void plane.passing("time passes");
}

test("the first of both ends the wait, and a crash neither shortens nor prolongs it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 20_000 }),
      fc.integer({ min: 1, max: 12 }),
      fc.array(fc.nat({ max: 6_000 }), { maxLength: 3 }),
      async (closesAfterMs, sessionsSeconds, livesMs) => {
        const { site, world } = await bringUp();
        const loadBalancers = ["lb-1", "lb-2"];
        const [server] = (await world.provider.list("shop")).filter(({ name }) => name === "app-1");
        const balancers = loadBalancers.map((name) => site.loadBalancer(name));
        const tunnel = balancers[0]?.tunnel("public");
        if (!server || tunnel?.reached !== server.name) throw new Error("the tunnel leads elsewhere");
        for (const balancer of balancers) balancer.routes.public = null;
        const definition = { ...shop, limits: { ...shop.limits, sessionsSeconds } };
        const pool = { loadBalancers, slot: "a" as const };
        const retire = act(retireServers, {
          servers: [server.name],
          pool: { ...pool, sessionsMs: sessionsSeconds * 1_000 },
        });
        const plan: Plan = {
          ...{ format: 1, environment: "shop", strategy: "major", from: "1", to: "2", afterWayBack: [], failAt: null },
          stages: [inOrder("Go", "none", [...letSessionsEnd(definition, pool, [server]), retire])],
        };
        const begun = site.clock.now();
        const cancel = site.clock.after(closesAfterMs, () => tunnel.end());
        const lives = [...livesMs];
        const { end, entries } = await run({ site, world }, plan, {
          deaths: livesMs.map(() => MOMENT),
          born: (plane) => {
            const ms = lives.shift();
            if (ms !== undefined) site.clock.after(ms, () => dieNow(plane));
          },
        });
        cancel();
        expect(end.state).toBe("upgraded");
        const tookMs = site.clock.now() - begun;
        const first = Math.min(closesAfterMs, sessionsSeconds * 1_000);
        expect(tookMs).toBeGreaterThanOrEqual(first);
        expect(tookMs).toBeLessThan(first + SLACK_MS);
        const { left, sessions } =
          entries.findLast(({ step, result }) => step === awaitNoSessions.name && result === "done")?.evidence ?? {};
        // Between two looks both may have come to pass.
        if (Math.abs(closesAfterMs - sessionsSeconds * 1_000) < SLACK_MS) return;
        expect([left, sessions]).toEqual(
          closesAfterMs < sessionsSeconds * 1_000
            ? [0, "app-1: no session left"]
            : [1, `app-1: 1 session left, at the deadline of ${sessionsSeconds} s`],
        );
        expect((await world.provider.list("shop")).map(({ name }) => name)).not.toContain("app-1");
      },
    ),
    { numRuns: 25 },
  );
});
