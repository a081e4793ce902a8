/** The contract's part about who is the primary: a planned switch, and the way back to a standby that stood still. */
import { expect, test } from "vitest";
import { problemOf } from "../host/world.ts";
import { alone, fenced, following, keysOf, open, primaryOf, reached, replicaOf, type Setting, write } from "./world.ts";

export function describeSwitches(world: Setting): void {
  test("a replica becomes the primary for good, and the old one follows it", async () => {
    const [old, next] = [await primaryOf(world()), await replicaOf(world())];
    await old.fence();
    expect(await reached(next, old)).toBe(true);
    const dying = await world().dyingBeforeKept(next, "opens");
    await expect(dying.promote()).rejects.toThrow("died");
    expect(await next.health()).toMatchObject({ running: true, writable: true, bootsWritable: false, ...alone });
    await next.promote();
    await next.promote();
    expect(await next.health()).toMatchObject(open);
    await world().kill(next);
    expect(await next.health()).toMatchObject(open);
    expect(await old.health()).toMatchObject({ ...fenced, ...alone });
    expect(await write(world(), next, "on-the-new-one")).toBe(true);
    await old.follow(next);
    await old.follow(next);
    expect(await old.health()).toMatchObject(following(next));
    expect(await write(world(), next, "once-more")).toBe(true);
    expect(await reached(old, next)).toBe(true);
    expect(await old.position()).toBe(await next.position());
    expect(await keysOf(world(), old)).toEqual(await keysOf(world(), next));
  });

  test("after half a migration the frozen standby is the only primary, with the data of before", async () => {
    const [standby, migrated] = [await primaryOf(world(), "as it is"), await replicaOf(world(), "as it is")];
    await migrated.fence();
    expect(await reached(standby, migrated)).toBe(true);
    await standby.freeze();
    const [position, sums] = [await migrated.position(), await migrated.checksums()];
    const schema = await migrated.schemaFingerprint();
    await migrated.allowMigration(true);
    expect(await world().changeSchema(migrated, "migrate", "half")).toBe(true);
    expect(await write(world(), migrated, "lost", "migrate")).toBe(true);
    expect(await standby.position()).toBe(position);
    await migrated.fence();
    await standby.promote();
    expect([await standby.health(), await migrated.health()]).toMatchObject([open, fenced]);
    expect(await standby.checksums()).toEqual(sums);
    expect(await standby.schemaFingerprint()).toBe(schema);
    expect(await write(world(), standby, "saved")).toBe(true);
    // What was migrated is in nobody else's history.
    expect(await problemOf(migrated.follow(standby))).toBe("refused");
    expect(await migrated.health()).toMatchObject({ ...fenced, ...alone });
    await migrated.seedFrom(standby);
    expect(await reached(migrated, standby)).toBe(true);
    const keys = await keysOf(world(), migrated);
    expect(keys).toContain("saved");
    expect(keys).not.toContain("lost");
  });
}
