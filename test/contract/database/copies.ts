/** The contract's part about replicas: seeded under writes, equal at one position, frozen, and what they refuse. */
import { expect, test } from "vitest";
import type { Database } from "../../../src/model/database.ts";
import { problemOf } from "../host/world.ts";
import {
  alone,
  eventually,
  fenced,
  following,
  keysOf,
  launch,
  open,
  primaryOf,
  reached,
  replicaOf,
  type Setting,
  write,
  writeAlong,
} from "./world.ts";

async function expectEqual(copy: Database, source: Database): Promise<void> {
  expect(await copy.position()).toBe(await source.position());
  expect(await copy.checksums()).toEqual(await source.checksums());
  expect(await copy.schemaFingerprint()).toBe(await source.schemaFingerprint());
}

export function describeCopies(world: Setting): void {
  test("a copy is made while its source takes writes, then follows it, and is the same at the same position", async () => {
    const primary = await primaryOf(world());
    await primary.allowMigration(true);
    const writer = writeAlong(world(), await world().connect(primary, "app"));
    const replica = await replicaOf(world());
    const acknowledged = await writer.stop();
    expect(acknowledged.length).toBeGreaterThan(10);
    expect(await replica.health()).toMatchObject(following(primary));
    expect(await write(world(), replica, "inherited", "migrate")).toBe(false);
    await primary.fence();
    expect(await reached(replica, primary)).toBe(true);
    await expectEqual(replica, primary);
    expect(await keysOf(world(), replica)).toEqual(expect.arrayContaining(acknowledged));
    const position = await replica.position();
    await replica.seedFrom(primary);
    await replica.follow(primary);
    expect(await replica.position()).toBe(position);
  });

  test("a change of the schema arrives with its fingerprint; the passage that it was made by does not", async () => {
    const [primary, replica] = [await primaryOf(world()), await replicaOf(world())];
    await primary.fence();
    const [schema, sums] = [await primary.schemaFingerprint(), await primary.checksums()];
    await primary.allowMigration(true);
    expect(await world().changeSchema(primary, "migrate", "second")).toBe(true);
    expect(await write(world(), primary, "of-the-migration", "migrate")).toBe(true);
    await primary.allowMigration(false);
    expect(await primary.schemaFingerprint()).not.toBe(schema);
    expect(await primary.checksums()).not.toEqual(sums);
    expect(await reached(replica, primary)).toBe(true);
    await expectEqual(replica, primary);
    expect(await world().changeSchema(replica, "migrate", "third")).toBe(false);
    expect(await write(world(), replica, "by-app")).toBe(false);
  });

  test("what was written since a position is counted in its order, on a replica as on the primary", async () => {
    const [primary, replica] = [await primaryOf(world()), await replicaOf(world())];
    const position = await primary.position();
    expect([await primary.transactionsSince(position), await primary.writesSince(position)]).toEqual([
      0,
      { from: position, upTo: position, tables: [], statements: 0 },
    ]);
    for (const key of ["counted-1", "counted-2"]) expect(await write(world(), primary, key)).toBe(true);
    expect(await world().changeSchema(primary, "app", "counted")).toBe(true);
    expect(await write(world(), primary, "counted-3")).toBe(true);
    expect(await reached(replica, primary)).toBe(true);
    for (const server of [primary, replica]) {
      const events: string[] = [];
      const counted = await server.writesSince(position, async ({ event }) => void events.push(event));
      expect(counted).toMatchObject({ from: position, upTo: await primary.position(), statements: 1 });
      expect(counted.tables).toMatchObject([{ inserted: 3, updated: 0, deleted: 0, net: 3 }]);
      expect(events).toEqual(["insert", "insert", "statement", "insert"]);
      expect([await server.transactionsSince(position), await server.transactionsSince("7-7-7")]).toEqual([4, null]);
    }
    expect(await problemOf(primary.writesSince("7-7-7"))).toBe("refused");
    expect(await primary.bytes()).toBeGreaterThan(0);
  });

  test("a replica whose process was killed follows again", async () => {
    const [primary, replica] = [await primaryOf(world()), await replicaOf(world())];
    await world().kill(replica);
    expect(await write(world(), primary, "while-it-came-back")).toBe(true);
    expect(await reached(replica, primary)).toBe(true);
    expect(await replica.health()).toMatchObject(following(primary));
  });

  test("who takes writes is made no replica and no copy, and who follows is not opened", async () => {
    const [primary, replica] = [await primaryOf(world()), await replicaOf(world())];
    expect(await problemOf(primary.follow(replica))).toBe("refused");
    expect(await problemOf(primary.freeze())).toBe("refused");
    expect(await problemOf(primary.seedFrom(replica))).toBe("refused");
    expect(await problemOf(replica.unfence())).toBe("refused");
    expect(await problemOf(replica.seedFrom(replica))).toBe("refused");
    expect(await primary.health()).toMatchObject(open);
    expect(await replica.health()).toMatchObject(following(primary));
  });

  test("a primary that is down is still the primary, and costs its replica nothing", async () => {
    const [primary, replica] = [await primaryOf(world()), await replicaOf(world())];
    expect(await reached(replica, primary)).toBe(true);
    const [bare, position] = [await launch(world()), await replica.position()];
    await primary.stop();
    expect(await problemOf(primary.seedFrom(replica))).toBe("refused");
    expect(await problemOf(bare.seedFrom(primary))).toBe("unreachable");
    expect(await problemOf(replica.seedFrom(primary))).toBe("unreachable");
    expect(await replica.position()).toBe(position);
    const lost = await eventually(world(), "the replica notices", async () => {
      const seen = await replica.health();
      return !seen.replicating && seen.error !== null && seen;
    });
    expect(lost).toMatchObject({ ...fenced, following: primary.address, bootsFollowing: true });
    await primary.start();
    expect(await write(world(), primary, "back")).toBe(true);
    expect(await reached(replica, primary)).toBe(true);
    expect(await replica.health()).toMatchObject(following(primary));
  });

  test("frozen it keeps what it has while the primary goes on, also after its process was killed", async () => {
    const [primary, replica] = [await primaryOf(world()), await replicaOf(world())];
    expect(await reached(replica, primary)).toBe(true);
    const position = await replica.position();
    await replica.freeze();
    await replica.freeze();
    expect(await write(world(), primary, "after-the-freeze")).toBe(true);
    await world().kill(replica);
    expect(await replica.health()).toMatchObject({ ...fenced, ...alone });
    expect(await replica.awaitPosition(position, 0)).toBe(true);
    expect(await replica.awaitPosition(await primary.position(), 300)).toBe(false);
    expect(await replica.position()).toBe(position);
    expect(await keysOf(world(), replica)).not.toContain("after-the-freeze");
  });

  test("what was broken off while it began to follow is seen, refused as a primary, and mended by repeating", async () => {
    const [primary, replica] = [await primaryOf(world()), await replicaOf(world())];
    await replica.freeze();
    const dying = await world().dyingBeforeKept(replica, "follows");
    await expect(dying.follow(primary)).rejects.toThrow("died");
    expect(await replica.health()).toMatchObject({ ...fenced, following: primary.address, bootsFollowing: false });
    await world().kill(replica);
    expect(await replica.health()).toMatchObject({ ...fenced, ...alone });
    expect(await problemOf(replica.unfence())).toBe("refused");
    await replica.follow(primary);
    expect(await replica.health()).toMatchObject(following(primary));
    expect(await reached(replica, primary)).toBe(true);
    expect(await keysOf(world(), replica)).toContain("after-the-freeze");
  });

  test("a replica with a write of its own stops, is not let back, and is seeded anew", async () => {
    const [primary, replica] = [await primaryOf(world()), await replicaOf(world())];
    expect(await reached(replica, primary)).toBe(true);
    await replica.allowMigration(true);
    expect(await write(world(), replica, "its-own", "migrate")).toBe(true);
    expect(await write(world(), primary, "of-the-primary")).toBe(true);
    const position = await primary.position();
    expect(await problemOf(replica.awaitPosition(position, 10_000))).toBe("unhealthy");
    const { error, ...seen } = await replica.health();
    expect([error, seen]).toMatchObject([expect.any(String), { ...fenced, replicating: false }]);
    expect(await problemOf(replica.follow(primary))).toBe("refused");
    expect(await replica.health()).toMatchObject({ ...fenced, ...alone });
    await replica.seedFrom(primary);
    expect(await reached(replica, primary)).toBe(true);
    await expectEqual(replica, primary);
    expect(await write(world(), replica, "inherited", "migrate")).toBe(false);
  });
}
