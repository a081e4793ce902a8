/** The contract's part about backups: taken once, started on a spare server, equal, and gone when removed. */
import { expect, test } from "vitest";
import { problemOf } from "../host/world.ts";
import { alone, fenced, keysOf, open, primaryOf, type Setting, spareOf, write } from "./world.ts";

export function describeBackups(world: Setting): void {
  test("a backup is at its position; the same id again gives the same one, whatever was written since", async () => {
    const primary = await primaryOf(world());
    await primary.fence();
    const first = await primary.backup("u-1-first");
    const unknown = { why: "upgrade", content: null, verified: null, failed: null };
    expect(first).toMatchObject({ id: "u-1-first", position: await primary.position(), ...unknown });
    expect(first.bytes).toBeGreaterThan(0);
    await primary.allowMigration(true);
    expect(await write(world(), primary, "between", "migrate")).toBe(true);
    const during = await primary.backup("u-0-during", "person");
    expect(during.why).toBe("person");
    expect(await primary.backup("u-1-first")).toEqual(first);
    expect(during.position).not.toBe(first.position);
    expect(await primary.backups()).toEqual([during, first]);
    for (const name of ["", "Upper", "../up", "x".repeat(72)]) {
      expect([name, await problemOf(primary.backup(name))]).toEqual([name, "bad-input"]);
      expect([name, await problemOf(primary.removeBackup(name))]).toEqual([name, "bad-input"]);
    }
  });

  test("what is learnt of a backup is kept beside it, and known while the server is stopped", async () => {
    const primary = await primaryOf(world(), "as it is");
    const content = { schema: await primary.schemaFingerprint(), tables: await primary.checksums() };
    const failed = { at: 7, why: "no room" };
    await primary.noteBackup("u-1-first", { content });
    await primary.noteBackup("u-1-first", { failed });
    const noted = await primary.backup("u-1-first");
    expect(noted).toMatchObject({ content, failed, verified: null });
    expect(await problemOf(primary.noteBackup("none", { failed }))).toBe("not-found");
    await primary.stop();
    expect((await primary.backups()).map(({ id }) => id)).toEqual(["u-0-during", "u-1-first"]);
    expect((await primary.backups())[1]).toEqual(noted);
    await primary.start();
  });

  test("restored it is fenced, follows nobody, and equals its source at that position", async () => {
    const [primary, spare] = [await primaryOf(world(), "as it is"), await spareOf(world())];
    expect(await problemOf(spare.restore(primary, "none"))).toBe("not-found");
    expect(await spare.health()).toMatchObject({ running: false, ...alone });
    expect(await problemOf(spare.start())).toBe("not-found");
    await spare.restore(primary, "u-0-during");
    await spare.restore(primary, "u-0-during");
    expect(await spare.health()).toMatchObject({ ...fenced, ...alone });
    expect(await spare.position()).toBe(await primary.position());
    expect(await spare.checksums()).toEqual(await primary.checksums());
    expect(await spare.schemaFingerprint()).toBe(await primary.schemaFingerprint());
    expect(await keysOf(world(), spare)).toContain("between");
    for (const account of ["app", "migrate"] as const) {
      expect([account, await write(world(), spare, "inherited", account)]).toEqual([account, false]);
    }
    await primary.unfence();
    expect(await write(world(), primary, "after-the-backup")).toBe(true);
    expect(await spare.checksums()).not.toEqual(await primary.checksums());
    expect(await spare.backups()).toEqual([]);
  });

  test("a copy opens with the secrets of its source until its accounts are renewed, which no position shows", async () => {
    const [primary, spare] = [await primaryOf(world(), "as it is"), await spareOf(world())];
    const { user } = world().settings;
    const ours = [user, `${user}_migrate`, "changeover_repl"];
    const { secret } = world();
    const [position, other] = [await spare.position(), await world().elsewhere(spare)];
    expect(await spare.accountsOpenedBy(secret)).toEqual(ours);
    expect(await spare.accountsOpenedBy(other.secret)).toEqual([]);
    await other.database.renewAccounts();
    await other.database.renewAccounts();
    expect([await spare.accountsOpenedBy(secret), await spare.accountsOpenedBy(other.secret)]).toEqual([[], ours]);
    expect(await primary.accountsOpenedBy(secret)).toEqual(ours);
    expect([await spare.position(), (await spare.health()).writable]).toEqual([position, false]);
    await spare.renewAccounts();
    expect(await spare.accountsOpenedBy(secret)).toEqual(ours);
  });

  test("it stays fenced after its process was killed, and what was written on it is no longer the backup", async () => {
    const [primary, spare] = [await primaryOf(world()), await spareOf(world())];
    await world().kill(spare);
    expect(await spare.health()).toMatchObject({ ...fenced, ...alone });
    await spare.unfence();
    expect(await write(world(), spare, "on-the-spare")).toBe(true);
    expect(await problemOf(spare.restore(primary, "u-0-during"))).toBe("refused");
    expect(await spare.health()).toMatchObject(open);
    await spare.fence();
    expect(await problemOf(spare.restore(spare, "u-0-during"))).toBe("not-found");
    await spare.restore(primary, "u-0-during");
    const { position } = await primary.backup("u-0-during");
    expect(await spare.position()).toBe(position);
    expect(await keysOf(world(), spare)).not.toContain("on-the-spare");
  });

  test("who takes writes is not overwritten by a backup, nor a server by its own", async () => {
    const primary = await primaryOf(world());
    expect(await problemOf(primary.restore(primary, "u-1-first"))).toBe("refused");
    await primary.fence();
    expect(await problemOf(primary.restore(primary, "u-1-first"))).toBe("refused");
    expect(await keysOf(world(), primary)).toContain("after-the-backup");
  });

  test("a backup that was removed is gone, and what was restored from it stays", async () => {
    const [primary, spare] = [await primaryOf(world()), await spareOf(world())];
    await primary.removeBackup("u-0-during");
    await primary.removeBackup("u-0-during");
    expect((await primary.backups()).map(({ id }) => id)).toEqual(["u-1-first"]);
    expect(await problemOf(spare.restore(primary, "u-0-during"))).toBe("not-found");
    expect(await keysOf(world(), spare)).toContain("between");
  });
}
