/** Retiring by sessions as tests: a server goes when its websockets are closed, at the deadline, or when somebody says so. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Clock } from "../../src/model/clock.ts";
import { waitFor } from "../../src/model/clock.ts";
import { type Plan, planHash } from "../../src/model/plan.ts";
import { Problem } from "../../src/model/problem.ts";
import type { LoadBalancer } from "../../src/model/load-balancer.ts";
import type { World } from "../../src/model/world.ts";
import { act, inOrder } from "../../src/plan/stage.ts";
import { memoryJournal, type MemoryJournal } from "../../src/run/memory-journal.ts";
import { runInMemory } from "../../src/run/run-in-memory.ts";
import { awaitNoSessions } from "../../src/steps/await-no-sessions.ts";
import { drainMembers } from "../../src/steps/drain-members.ts";
import { steps } from "../../src/steps/registry.ts";
import { retireServers } from "../../src/steps/retire-servers.ts";
import { settings, type Standing } from "./load-balancer/world.ts";

export interface SessionsWorld {
  world: World;
  clock: Clock;
  /** Two, bare. */
  loadBalancers: string[];
  /** Launches a server that answers, also websockets. */
  launch(name: string): Promise<{ server: string; address: string; port: number }>;
  openSocket(loadBalancer: string): Promise<Standing>;
  close(): Promise<void>;
}

const LONG_MS = 60_000;

export function describeSessionsContract(name: string, makeWorld: () => Promise<SessionsWorld>): void {
  describe(`retiring by sessions in the ${name} world`, () => {
    let made: SessionsWorld;
    let old: { server: string; address: string; port: number }[];
    let turn = 0;
    beforeAll(async () => {
      made = await makeWorld();
      await onEach((loadBalancer) => loadBalancer.start(settings));
      await join("b", [await made.launch("new")]);
    });
    afterAll(() => made?.close());

    const onEach = (act: (loadBalancer: LoadBalancer) => Promise<unknown>) =>
      Promise.all(made.loadBalancers.map(async (name) => act(await made.world.loadBalancer(name))));
    const join = (slot: "a" | "b", members: typeof old) =>
      onEach((balancer) => Promise.all(members.map((member) => balancer.addMember(slot, member))));
    const serve = (slot: "a" | "b") => onEach((balancer) => balancer.setRoute("public", slot));
    const servers = async () => (await made.world.provider.list(made.world.environment)).map((record) => record.name);
    const membersOn = async (loadBalancer: string) => (await made.world.loadBalancer(loadBalancer)).members("a");
    const names = () => old.map(({ server }) => server);
    const eventually = async (what: string, look: () => Promise<unknown>) => {
      const limit = { withinMs: 20_000, everyMs: 20 };
      if (!(await waitFor(made.clock, limit, async () => Boolean(await look()))))
        throw new Error(`it never came: ${what}`);
    };

    /** Two old servers in pool a, a websocket to one of them through the second load balancer; then the public goes to b. */
    beforeEach(async () => {
      turn += 1;
      await onEach(async (balancer) =>
        Promise.all((await balancer.members("a")).map(({ server }) => balancer.removeMember("a", server, 0))),
      );
      old = await Promise.all(["a", "b"].map((letter) => made.launch(`old-${turn}${letter}`)));
      await join("a", old);
      await serve("a");
    });
    const swapped = async (): Promise<Standing & { reached: string }> => {
      const socket = await made.openSocket(made.loadBalancers[1] ?? "");
      const counted = async () => (await membersOn(made.loadBalancers[1] ?? "")).some(({ sessions }) => sessions === 1);
      await eventually("the websocket counts", counted);
      await serve("b");
      if (socket.reached === null) throw new Error("nobody took the websocket");
      return { ...socket, reached: socket.reached };
    };

    const pool = () => ({ loadBalancers: made.loadBalancers, slot: "a" as const });
    const retire = (sessionsMs: number) => act(retireServers, { servers: names(), pool: { ...pool(), sessionsMs } });
    const wait = (sessionsMs: number) => [
      act(drainMembers, { ...pool(), members: old }),
      act(awaitNoSessions, { ...pool(), servers: names(), withinMs: sessionsMs }),
    ];
    const plan = (steps_: Plan["stages"][number]["steps"]): Plan => ({
      ...{ format: 1, environment: made.world.environment, strategy: "major", from: "1", to: "2", afterWayBack: [] },
      stages: [inOrder("Retire", "none", steps_)],
      failAt: null,
    });
    const start = (
      of: Plan,
      more: { journal?: MemoryJournal; wayBackAsked?: AbortSignal; cut?: () => boolean } = {},
    ) => {
      const upgrade = `u-${planHash(of)}`;
      return runInMemory({
        ...{ plan: of, definitions: steps, world: made.world, clock: made.clock, upgrade, pausesMs: [] },
        journal: more.journal ?? memoryJournal(upgrade, made.clock),
        ...(more.wayBackAsked ? { wayBackAsked: more.wayBackAsked } : {}),
        sessionsCut: async () => (more.cut?.() ? { by: "anna", reason: "it is late" } : null),
      });
    };
    const toldBy = async (journal: MemoryJournal) =>
      (await journal.entries()).find(({ step }) => step === awaitNoSessions.name)?.evidence?.sessions;
    const evidenceIn = ({ entries }: Awaited<ReturnType<typeof start>>, step: string) =>
      entries.find((entry) => entry.step === step)?.evidence;

    test("while a websocket is open its server stays, people see it, and it goes when the websocket is closed", async () => {
      const socket = await swapped();
      const journal = memoryJournal("u-open", made.clock);
      const going = start(plan([...wait(LONG_MS), retire(LONG_MS)]), { journal });
      await eventually("it is told", async () => (await toldBy(journal)) !== undefined);
      const idle = names().find((name) => name !== socket.reached);
      expect(await toldBy(journal)).toBe(`${socket.reached}: 1 session open; ${idle}: no session open`);
      expect(await socket.stands()).toBe(true);
      expect((await servers()).filter((name) => names().includes(name))).toHaveLength(2);
      await socket.end();
      const ran = await going;
      expect(ran.end.state).toBe("upgraded");
      expect(evidenceIn(ran, awaitNoSessions.name)).toMatchObject({ left: 0 });
      expect(evidenceIn(ran, awaitNoSessions.name)?.sessions).toMatch(
        /^old-\w+: no session left; old-\w+: no session left$/,
      );
      expect(await servers()).not.toContain(socket.reached);
    });

    test("at the deadline it goes all the same, and the evidence says what was cut", async () => {
      const socket = await swapped();
      const before = made.clock.now();
      const ran = await start(plan([...wait(900), retire(900)]));
      expect(ran.end.state).toBe("upgraded");
      expect(made.clock.now() - before).toBeGreaterThanOrEqual(900);
      expect(evidenceIn(ran, awaitNoSessions.name)).toMatchObject({
        left: 1,
        sessions: expect.stringMatching(
          `^${socket.reached}: 1 session left, at the deadline of 0.9 s; .*: no session left$`,
        ),
      });
      expect(evidenceIn(ran, retireServers.name)?.sessions).toContain(`${socket.reached}: 1 session cut`);
      expect(await socket.stands()).toBe(false);
      expect(await servers()).not.toContain(socket.reached);
    });

    test("somebody may say that it goes before its deadline, and stands in the evidence with the reason", async () => {
      const socket = await swapped();
      let cut = false;
      const journal = memoryJournal("u-cut", made.clock);
      const going = start(plan([...wait(LONG_MS), retire(LONG_MS)]), { journal, cut: () => cut });
      await eventually("it waits", async () => (await toldBy(journal)) !== undefined);
      cut = true;
      const ran = await going;
      expect(ran.end.state).toBe("upgraded");
      expect(evidenceIn(ran, awaitNoSessions.name)?.sessions).toContain(
        `${socket.reached}: 1 session left, cut by anna: it is late`,
      );
      expect(await socket.stands()).toBe(false);
    });

    test("before its deadline, and without anybody's word, it can't be retired, and a server that gets new ones is not waited for", async () => {
      const socket = await swapped();
      const refused = async (of: Plan["stages"][number]["steps"]) => {
        const { end } = await start(plan(of));
        return end.state === "rolled-back" ? end.reason : null;
      };
      const [drain, waits] = wait(LONG_MS);
      if (!drain || !waits) throw new Error("there are two");
      expect(await refused([waits])).toMatchObject({ kind: "refused", why: names().join(", ") });
      for (const early of [[retire(LONG_MS)], [drain, retire(LONG_MS)]])
        expect(await refused(early)).toMatchObject({ kind: "refused", why: `"${socket.reached}" has 1 session` });
      expect([await socket.stands(), (await servers()).includes(socket.reached)]).toEqual([true, true]);
      await socket.end();
    });

    test("the way back lets drained servers have new sessions again, and forgets the deadline", async () => {
      const socket = await swapped();
      const back = new AbortController();
      const journal = memoryJournal("u-back", made.clock);
      const going = start(plan(wait(LONG_MS)), { journal, wayBackAsked: back.signal });
      await eventually("it waits", async () => (await toldBy(journal)) !== undefined);
      back.abort(new Problem("refused", { what: "the way back was asked for", why: "a test", next: "-" }));
      expect((await going).end.state).toBe("rolled-back");
      for (const each of made.loadBalancers)
        expect(
          (await membersOn(each)).filter(({ server }) => names().includes(server)).map(({ state }) => state),
        ).toEqual(["ready", "ready"]);
      const labels = (await made.world.provider.list(made.world.environment)).map((record) =>
        Object.keys(record.labels),
      );
      expect(labels.flat()).not.toContain("draining");
      expect(await socket.stands()).toBe(true);
      await socket.end();
    });

    test("the last good server of the pool that serves the public is never drained", async () => {
      await serve("a");
      const { end } = await start(plan([act(drainMembers, { ...pool(), members: (await allIn()).map(asMember) })]));
      expect(end).toMatchObject({ state: "rolled-back", reason: { kind: "refused" } });
      await serve("b");
    });
    const allIn = () => membersOn(made.loadBalancers[0] ?? "");
    const asMember = ({ server, address, port }: (typeof old)[number]) => ({ server, address, port });
  });
}
