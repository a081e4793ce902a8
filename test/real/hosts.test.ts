/** Servers with hosts of their own, on a lab: who gets a host, and what is still said and done while one is silent. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Provider, ServerRecord } from "../../src/model/provider.ts";
import { createSshPool } from "../../src/providers/ssh/pool.ts";
import { createSshHostsProvider } from "../../src/providers/ssh/provider.ts";
import { eventually, exec, problemOf } from "../contract/host/world.ts";
import { realClock } from "../contract/host/real-world.ts";
import { type Lab, labTrouble, openLab } from "../../src/providers/lab/lab.ts";

describe.skipIf(labTrouble() !== null)(
  "servers on hosts of their own (skipped where `npm run lab` can make none)",
  () => {
    const pool = createSshPool();
    let lab: Lab;
    const opened: Provider[] = [];
    const provider = (token = 1): Provider => {
      const { kind: _, ...settings } = lab.provider;
      const made = createSshHostsProvider({ ...settings, connect: pool.transport, token: () => token, lookMs: 1_500 });
      opened.push(made);
      return made;
    };
    const record = (name: string, host: number, environment = "live"): ServerRecord => ({
      environment,
      name,
      kind: "application",
      address: lab.address(host),
      labels: {},
    });
    const names = (records: ServerRecord[]): string[] => records.map(({ name }) => name).sort();

    beforeAll(async () => {
      lab = await openLab(4);
    });
    afterAll(async () => {
      for (const each of opened) await each.close();
      await pool.close();
      await lab?.close();
    });

    test("each server is a machine: its own name, address, disk and processes", async () => {
      const [one, other] = [await provider().launch(record("a-1", 1)), await provider().launch(record("a-2", 2))];
      const look = "hostname; ip -br -4 addr show eth0; ls /srv/changeover/live";
      const [left, right] = [(await exec(one, look)).stdout, (await exec(other, look)).stdout];
      expect(left).toContain(`lab-1\neth0`);
      expect(left).toContain(`${lab.address(1)}/16`);
      expect(left.trim().split("\n").at(-1)).toBe("a-1");
      expect(right.trim().split("\n").at(-1)).toBe("a-2");
      expect((await exec(one, "ls /proc | grep -c '^[0-9]'")).stdout.length).toBeLessThan(4);
      expect(readFileSync(lab.onDisk(1, `${one.directory}/server.json`), "utf8")).toContain('"a-1"');
    });

    test("a host holds one server, whoever's it is, and is free again when that is retired", async () => {
      expect(await problemOf(provider().launch(record("b-1", 1)))).toBe("refused");
      await expect(provider().launch(record("a-1", 1, "stage"))).rejects.toThrow(/holds live\/a-1 already/);
      expect(await provider().addressTaken(lab.address(1), [80])).toContain('"a-1" of "live"');
      expect(await provider().addressTaken("10.1.2.3", [80])).toContain("not among provider.hosts");
      expect(await problemOf(provider().launch(record("a-1", 3)))).toBe("refused");
      expect(await provider().survey("stage")).toMatchObject({
        records: [],
        foreign: [lab.address(1), lab.address(2)],
      });
      await provider().retire("live", "a-1");
      await provider().launch(record("a-1", 1, "stage"));
      await provider().retire("stage", "a-1");
    });

    test("a front end's two share a host, launched in whatever order, and nobody else is let in", async () => {
      const half = (kind: ServerRecord["kind"], name: string, beside: string): ServerRecord => ({
        ...record(name, 1),
        ...{ kind, labels: { beside } },
      });
      const balancer = half("load-balancer", "lb-1", "app-1");
      const application = half("application", "app-1", "lb-1");
      await Promise.all([provider().launch(application), provider().launch(balancer)]);
      expect(names(await provider().list("live"))).toEqual(["app-1", "a-2", "lb-1"].sort());
      const taken = (name: string | null) =>
        provider().addressTaken(lab.address(1), [80], name === null ? null : { environment: "live", name });
      expect([await taken("app-1"), await taken("lb-1"), await taken(null)]).toEqual([
        expect.stringContaining('"lb-1" of "live"'),
        expect.stringContaining('"app-1" of "live"'),
        expect.stringContaining('of "live"'),
      ]);
      for (const third of [
        half("application", "app-2", "lb-1"),
        half("load-balancer", "lb-2", "app-1"),
        record("app-3", 1),
        { ...half("application", "app-1", "lb-1"), environment: "stage" },
      ]) {
        expect(await problemOf(provider().launch(third)), `${third.environment}/${third.name}`).toBe("refused");
      }
      await provider().retire("live", "app-1");
      expect([await taken("app-1"), await taken("lb-1")]).toEqual([expect.stringContaining('"lb-1" of "live"'), null]);
      await provider().launch(application);
      expect(await (await provider().open("live", "lb-1")).exec("ls ..", { timeoutMs: 5_000 })).toMatchObject({
        stdout: "app-1\nlb-1\n",
      });
      for (const name of ["app-1", "lb-1"]) await provider().retire("live", name);
    });

    test("control planes that race for a host, or for a name on two hosts: one of them has it", async () => {
      const outcomes = async (work: Promise<unknown>[]) =>
        (await Promise.allSettled(work)).map(({ status }) => status).sort();
      const host = [provider(2).launch(record("c-1", 3)), provider(2).launch(record("c-2", 3, "stage"))];
      expect(await outcomes(host)).toEqual(["fulfilled", "rejected"]);
      const name = [provider(3).launch(record("d-1", 1)), provider(4).launch(record("d-1", 4))];
      expect(await outcomes(name)).toContain("fulfilled");
      expect((await provider().list("live")).filter((one) => one.name === "d-1")).toHaveLength(1);
      for (const environment of ["live", "stage"]) {
        for (const one of await provider().list(environment)) await provider(9).retire(environment, one.name);
      }
    });

    test("while a host is silent the others are seen, and nothing is done on a picture that may be wrong", async () => {
      for (const host of [1, 2, 3]) await provider(9).launch(record(`e-${host}`, host));
      const before = await provider(9).open("live", "e-1");
      await lab.cut(3);
      const [seen, found, listed, ...unknown] = await Promise.all([
        provider(9).survey("live"),
        // What is found is there; what is not found may be on the silent one.
        provider(9).find("live", "e-2"),
        provider(9)
          .list("live")
          .catch((error: unknown) => (error as Error).message),
        problemOf(provider(9).find("live", "e-3")),
        problemOf(provider(9).retire("live", "e-3")),
        problemOf(provider(9).launch(record("e-4", 4))),
      ]);
      expect(names(seen.records)).toEqual(["e-1", "e-2"]);
      expect(seen.silent).toEqual([{ address: lab.address(3), why: expect.stringContaining("1.5 s") }]);
      expect(found).toMatchObject({ address: lab.address(2) });
      expect(listed).toMatch(new RegExp(`${lab.address(3)}.*take them out`));
      expect(unknown).toEqual(["unreachable", "unreachable", "unreachable"]);
      expect((await exec(before, "echo on")).stdout).toBe("on\n");
      await provider(9).retire("live", "e-2");

      await lab.heal(3);
      await eventually({ clock: realClock }, async () => (await provider(9).survey("live")).silent.length === 0);
      expect(names(await provider(9).list("live"))).toEqual(["e-1", "e-3"]);
    });

    test("a host that lost its power has its server again when it comes back, and nothing runs on it", async () => {
      const host = await provider(9).open("live", "e-1");
      await host.startService({ name: "web", command: "exec sleep 600" });
      await lab.kill(1);
      expect((await provider(9).survey("live")).silent.map(({ address }) => address)).toEqual([lab.address(1)]);
      await lab.start(1);
      const again = await eventually({ clock: realClock }, () =>
        provider(9)
          .open("live", "e-1")
          .catch(() => null),
      );
      expect((await again.serviceState("web")).state).not.toBe("running");
      await again.startService({ name: "web", command: "exec sleep 600" });
      expect((await again.serviceState("web")).state).toBe("running");
    });
  },
);
