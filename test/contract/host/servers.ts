/** The contract's part about servers: launched once, found again, relabelled, retired whole, reached by a stream. */
import { once } from "node:events";
import { expect, test } from "vitest";
import { ARCHITECTURES } from "../../../src/model/template/catalogue.ts";
import { eventually, launch, problemOf, record, type Setting } from "./world.ts";

export function describeServers(world: Setting): void {
  test("a server is launched once, found again, and keeps what it is", async () => {
    const { provider } = world();
    const web = record(world(), { environment: "staging" });
    const host = await provider().launch(web);
    await host.putFile("kept", "x");
    expect({ name: host.name, address: host.address }).toEqual({ name: web.name, address: web.address });
    expect(await (await provider().launch(web)).readFile("kept")).toBe("x");
    expect(await provider(2).list("staging")).toEqual([web]);
    expect(await (await provider(2).open("staging", "web-1")).readFile("kept")).toBe("x");
    expect(await provider(2).hostOf(web).readFile("kept")).toBe("x");
    expect(await problemOf(provider().launch({ ...web, address: "127.0.0.9" }))).toBe("refused");
    expect(await provider().list("nowhere")).toEqual([]);
    expect(await problemOf(provider().open("staging", "web-9"))).toBe("not-found");
    await provider().retire("staging", "web-1");
  });

  test("of some names those that are there are given, as they are now", async () => {
    const { provider } = world();
    const web = record(world(), { environment: "some" });
    await provider().launch(web);
    expect(await provider().records("some", ["web-1", "web-9"])).toEqual([web]);
    await provider().relabel("some", "web-1", { role: "primary" });
    expect(await provider().records("some", ["web-1"])).toEqual([{ ...web, labels: { role: "primary" } }]);
    await provider().retire("some", "web-1");
    expect(await provider().records("some", ["web-1"])).toEqual([]);
  });

  test("labels are replaced, and the launch can still be repeated", async () => {
    const { provider } = world();
    const web = record(world(), { environment: "labels" });
    await provider().launch(web);
    await provider().relabel("labels", "web-1", { role: "primary" });
    expect(await provider().list("labels")).toEqual([{ ...web, labels: { role: "primary" } }]);
    expect((await provider().launch(web)).name).toBe("web-1");
    expect(await problemOf(provider().relabel("labels", "web-9", {}))).toBe("not-found");
    await provider().retire("labels", "web-1");
  });

  test("retiring ends everything on it and forgets it; a new server of that name is a new one", async () => {
    const { provider, programs } = world();
    const host = await launch(world());
    const beats = ["by-job", "by-service", "by-lapse"].map((name) => world().outside(host, name));
    const beat = (at: number) => programs.beatBehind(beats[at]?.path ?? "");
    await host.startJob({ id: "job", command: beat(0), timeoutMs: 60_000 });
    await host.startService({ name: "web", command: beat(1) });
    await host.setLease({ name: "hold", seconds: 0.1, onLapse: beat(2) });
    for (const { lines } of beats) await eventually(world(), async () => lines().length > 1);
    await provider().retire("live", host.name);
    await provider().retire("live", host.name);
    const counted = () => beats.map(({ lines }) => lines().length);
    const before = counted();
    await world().clock.sleep(300);
    expect(counted()).toEqual(before);

    expect(await problemOf(host.claim())).toBe("not-found");
    expect(await problemOf(host.readFile("x"))).toBe("not-found");
    expect((await provider().list("live")).map(({ name }) => name)).not.toContain(host.name);
    const again = await provider().launch(record(world(), { name: host.name }));
    expect(await again.jobState("job")).toEqual({ state: "absent" });
    expect(await again.serviceState("web")).toMatchObject({ state: "absent" });
  });

  test("a stream reaches a port and a unix socket of the host, and nobody at all is a problem", async () => {
    const host = await launch(world());
    const port = 7_301;
    await world().echo({ host: host.address, port });
    await world().echo({ unix: `${host.directory}/s` });
    for (const to of [{ host: host.address, port }, { unix: `${host.directory}/s` }]) {
      const stream = await host.dial(to, 5_000);
      stream.write("ping");
      const [answer] = await once(stream, "data");
      expect(String(answer)).toBe("ping");
      stream.destroy();
    }
    expect(await problemOf(host.dial({ host: host.address, port: 7_302 }, 5_000))).toBe("unreachable");
    expect(await problemOf(host.dial({ unix: `${host.directory}/none` }, 5_000))).toBe("unreachable");
  });

  test("a front end's two share an address; each is found, works and goes by itself", async () => {
    const { provider } = world();
    const at = { environment: "pairs", address: world().address };
    const balancer = record(world(), { ...at, name: "lb-1", kind: "load-balancer", labels: { beside: "app-1" } });
    const application = record(world(), { ...at, name: "app-1", labels: { beside: "lb-1" } });
    await Promise.all([balancer, application].map((one) => provider().launch(one)));
    expect((await provider().list("pairs")).map(({ name, address }) => [name, address]).sort()).toEqual([
      ["app-1", at.address],
      ["lb-1", at.address],
    ]);
    const [one, other] = [await provider().open("pairs", "lb-1"), await provider().open("pairs", "app-1")];
    await one.putFile("kept", "lb");
    await other.putFile("kept", "app");
    await provider().retire("pairs", "app-1");
    expect(await one.readFile("kept")).toBe("lb");
    await provider().retire("pairs", "lb-1");
    expect(await provider().list("pairs")).toEqual([]);
  });

  test("an address is taken when somebody listens there", async () => {
    const { provider, address } = world();
    expect(await provider().addressTaken(address, [7_303, 7_304])).toBeNull();
    await world().echo({ host: address, port: 7_304 });
    expect(await provider().addressTaken(address, [7_303, 7_304])).toContain("7304");
    expect(await provider().addressTaken(address, [7_303])).toBeNull();
  });

  test("what servers can be made of is told: images and sizes, each for machines of some architecture", async () => {
    const { images, sizes } = await world().provider().catalogue();
    const [image, size] = [images[0], sizes[0]];
    expect(image?.name).toMatch(/^[a-z]/);
    expect(size).toMatchObject({ name: expect.stringMatching(/^[a-z]/), cores: expect.any(Number) });
    for (const amount of [size?.cores, size?.memoryMiB, size?.diskMiB]) expect(amount).toBeGreaterThan(0);
    expect(
      ARCHITECTURES.filter((one) => image?.architectures.includes(one) && size?.architectures.includes(one)),
    ).not.toEqual([]);
  });

  test("the host's clock is told in milliseconds", async () => {
    const host = await launch(world());
    const before = world().clock.now();
    const told = await host.readClock();
    expect(told).toBeGreaterThanOrEqual(before);
    expect(told).toBeLessThanOrEqual(world().clock.now());
  });
}
