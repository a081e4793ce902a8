/** A floating address before two real load balancers on hosts of their own: moved under load, and only from its holder. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Problem } from "../../src/model/problem.ts";
import { systemClock } from "../../src/run/clock.ts";
import { describeAddressContract } from "../contract/address.contract.ts";
import { labTrouble } from "../../src/providers/lab/lab.ts";
import { type AddressWorld, openAddressWorld, startLoad } from "./address-world.ts";

describe.skipIf(labTrouble() !== null)("a floating address (skipped where `npm run lab` can make no hosts)", () => {
  let world: AddressWorld;

  beforeAll(async () => {
    world = await openAddressWorld();
  });
  afterAll(() => world?.close());

  describeAddressContract("of hosts of their own", () => ({
    address: world.spare,
    holder: (server, token) => world.worldOf(token).addressHolder(server),
  }));

  test("nobody's at first, it is taken, and a plan that came too late is refused", async () => {
    expect(await world.holders()).toEqual([]);
    const late = world.planMove(null, "lb-2");
    const { end, evidence } = await world.run(world.planMove(null, "lb-1"));
    expect(end).toEqual({ state: "upgraded" });
    expect(evidence).toMatchObject({ holder: "lb-1", before: "nobody", answeredBy: "lb-1", askedFrom: "app-1" });
    expect((await world.run(late)).end).toMatchObject({
      state: "rolled-back",
      reason: { kind: "refused", why: 'it was to be moved from nobody, and "lb-1" holds it now' },
    });
    expect(await world.holders()).toEqual(["lb-1"]);
  });

  test("there and, as the move fails at its end, back under 400 requests a second, kept, new and long ones: none fails", async () => {
    const load = startLoad(world.address);
    await systemClock.sleep(500);
    const { end, evidence } = await world.run(world.planMove("lb-1", "lb-2", "move-address"));
    await systemClock.sleep(500);
    const { asked, failed } = await load.stop();
    expect(failed).toEqual([]);
    for (const count of Object.values(asked)) expect(count).toBeGreaterThan(20);
    expect(end).toMatchObject({ state: "rolled-back" });
    expect(evidence).toMatchObject({ holder: "lb-1", before: "lb-2", answeredBy: "lb-1" });
    expect(await world.holders()).toEqual(["lb-1"]);
  });

  test("of two movers at the same time exactly one wins", async () => {
    const plan = world.planMove("lb-1", "lb-2");
    const ended = await Promise.all(
      [world.run(plan), world.run(plan)].map((running) =>
        running.then(
          ({ end }) => end.state,
          (error: unknown) => (error as Problem).kind,
        ),
      ),
    );
    expect(ended.sort()).toEqual(["stale-token", "upgraded"]);
    expect(await world.holders()).toEqual(["lb-2"]);
  });

  test("where a stranger on the network has the address, it is not moved", async () => {
    const [holder = ""] = await world.holders();
    const other = holder === "lb-1" ? "lb-2" : "lb-1";
    const add = await world.lab.spawn(4, ["ip", "addr", "add", `${world.address}/32`, "dev", "eth0"]);
    await new Promise((done) => add.once("close", done));
    expect((await world.run(world.planMove(holder, other))).end).toMatchObject({
      state: "rolled-back",
      reason: { kind: "refused", why: expect.stringMatching(/^02:.* on the network has it/) },
    });
    expect(await world.holders()).toEqual([holder]);
  });
});
