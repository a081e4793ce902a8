/** The contract's part about what runs: roles with their variables, and probes that say what they saw. */
import { expect, test } from "vitest";
import { answers, eventually, get, installed, type Setting } from "./world.ts";

export function describeRoles(world: Setting): void {
  test("a role runs once, finds its variables, and what is given by name wins", async () => {
    const { database, port } = world();
    const inputs = { COLOUR: 'it\'s "blue"', DATABASE_NAME: "another", KEY: { credential: "payment" } };
    const application = await installed(world(), { inputs, database: { address: "127.0.0.3", port: 3307 } });
    await application.start("web");
    await answers(world(), application, "COLOUR", inputs.COLOUR);
    const { pid } = await application.state("web");
    await application.start("web");
    expect(await application.state("web")).toMatchObject({ state: "running", pid });
    const found = {
      HOST: application.address,
      PORT: String(port),
      SERVER_NAME: application.name,
      ROLE: "web",
      RELEASE: "2024.1",
      DATABASE_HOST: "127.0.0.3",
      DATABASE_PORT: "3307",
      DATABASE_NAME: "another",
      DATABASE_USER: database.user,
      KEY: "simulated-payment",
    };
    for (const [name, value] of Object.entries(found)) {
      expect([name, await application.probe(get(`/variable/${name}`, `<${value}>`), 2_000)]).toEqual([name, null]);
    }
    await application.stop("web", 1_000);
  });

  test("roles are started and stopped each for itself; one that the release has not is nothing to start", async () => {
    const application = await installed(world());
    await application.start("web");
    await application.start("worker");
    await answers(world(), application, "ROLE", "web");
    expect((await application.state("worker")).state).toBe("running");
    await application.stop("web", 1_000);
    await application.stop("web", 1_000);
    expect([(await application.state("web")).state, (await application.state("worker")).state]).toEqual([
      "stopped",
      "running",
    ]);
    expect(await application.probe(get("/variable/ROLE"), 500)).toMatch(/^no answer to GET \/variable\/ROLE/);
    await application.start("web");
    await answers(world(), application, "ROLE", "web");
    await application.stop("web", 1_000);
    await application.stop("worker", 1_000);
    const webOnly = await installed(world(), { start: { web: world().web } });
    await webOnly.start("worker");
    expect((await webOnly.state("worker")).state).toBe("absent");
  });

  test("a role that dies is failing, and its last words are kept", async () => {
    const application = await installed(world(), { start: { web: world().programs.sayThenExit("no inputs", 3) } });
    await application.start("web");
    const seen = await eventually(world(), "it fails", async () => {
      const now = await application.state("web");
      return now.state === "failing" && now.tail.includes("no inputs") && now;
    });
    expect(seen.pid).toBeNull();
    await application.stop("web", 100);
  });

  test("a probe that holds is null; else it says what it saw instead; its key is a fresh one each time", async () => {
    const application = await installed(world());
    await application.start("web");
    await answers(world(), application, "ROLE", "web");
    const once = { method: "POST", path: "/once/{key}", body: "key={key}", expect: { status: 201, body: "key={key}" } };
    expect([await application.probe(once, 2_000), await application.probe(once, 2_000)]).toEqual([null, null]);
    const same = { ...once, path: "/once/same" };
    expect(await application.probe(same, 2_000)).toBeNull();
    expect(await application.probe(same, 2_000)).toMatch(/^POST \/once\/same answered 409, expected 201: /);
    expect(await application.probe(get("/nowhere"), 2_000)).toMatch(/^GET \/nowhere answered 404, expected 200: /);
    expect(await application.probe(get("/variable/ROLE", "worker"), 2_000)).toMatch(
      /^GET \/variable\/ROLE answered 200 without "worker": /,
    );
    const begun = world().clock.now();
    expect(await application.probe(get("/slow"), 300)).toMatch(/^no answer to GET \/slow: /);
    expect(world().clock.now() - begun).toBeLessThan(1_500);
    await application.stop("web", 1_000);
  });
}
