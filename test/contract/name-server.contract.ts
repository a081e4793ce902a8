/** The name server contract as tests: whoever says where names lead passes them all. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { problemOf } from "./host/world.ts";
import { A, type AskWorld, B, C, freshName, type NameServerWorld } from "./name-server/world.ts";

/** `loses`: answers can get lost there. */
export function describeNameServerContract(
  kind: string,
  { loses }: { loses: boolean },
  makeWorld: () => Promise<NameServerWorld>,
): void {
  describe(`names of the ${kind} world`, () => {
    let made: NameServerWorld | null = null;
    const world = (): NameServerWorld => {
      if (!made) throw new Error("the world was not made");
      return made;
    };
    beforeAll(async () => {
      made = await makeWorld();
    });
    afterAll(() => made?.close());
    describe("moving", () => describeMoving(world));
    if (loses) describe("silence", () => describeSilence(world));
    describe("compare-and-swap", () => describeSwapping(world));
  });
}

/** A name that leads to A. */
async function leading({ names }: NameServerWorld, ttlSeconds = 30): Promise<string> {
  const name = freshName();
  await names.move(name, { from: [], to: [A], ttlSeconds });
  return name;
}

const addresses = async ({ names }: NameServerWorld, name: string): Promise<string[]> =>
  (await names.read(name)).addresses;

function describeMoving(world: AskWorld): void {
  test("a name leads nowhere until it is led somewhere, and nowhere again when it is removed", async () => {
    const { names, ttls } = world();
    const name = freshName();
    expect(await names.read(name)).toMatchObject({ name, addresses: [] });
    await names.move(name, { from: [], to: [A], ttlSeconds: 30 });
    expect(await names.read(name)).toEqual({ name, addresses: [A], ttlSeconds: ttls ? 30 : 0 });
    await names.remove(name, [A]);
    expect(await names.read(name)).toMatchObject({ name, addresses: [] });
    await names.remove(name, [A]);
    expect(await names.read(name)).toMatchObject({ name, addresses: [] });
  });

  test("it leads to all that it should and to nothing else, whatever the order", async () => {
    const { names } = world();
    const name = await leading(world());
    await names.move(name, { from: [A], to: [C, B], ttlSeconds: 30 });
    expect(await addresses(world(), name)).toEqual([B, C]);
    await names.move(name, { from: [C, B], to: [B], ttlSeconds: 30 });
    expect(await addresses(world(), name)).toEqual([B]);
  });

  test("moved twice is moved once", async () => {
    const { names } = world();
    const name = await leading(world());
    for (let turn = 0; turn < 2; turn += 1) await names.move(name, { from: [A], to: [B], ttlSeconds: 30 });
    expect(await addresses(world(), name)).toEqual([B]);
  });

  test("its TTL alone can change, where there is one", async () => {
    const { names, ttls } = world();
    const name = await leading(world(), 600);
    await names.move(name, { from: [A], to: [A], ttlSeconds: 20 });
    expect(await names.read(name)).toEqual({ name, addresses: [A], ttlSeconds: ttls ? 20 : 0 });
  });

  test("other names stay what they are", async () => {
    const [one, two] = [await leading(world()), await leading(world())];
    await world().names.move(one, { from: [A], to: [B], ttlSeconds: 30 });
    await world().names.remove(two, [A]);
    const three = await leading(world());
    expect(await addresses(world(), one)).toEqual([B]);
    expect(await addresses(world(), two)).toEqual([]);
    expect(await addresses(world(), three)).toEqual([A]);
  });

  test("that names may be changed is shown without changing any", async () => {
    const name = await leading(world());
    await world().names.prove([name, freshName()]);
    expect(await addresses(world(), name)).toEqual([A]);
  });
}

function describeSilence(world: AskWorld): void {
  test("a change whose answer is lost is not made twice, and is no failure", async () => {
    const { names, lose } = world();
    const name = await leading(world());
    lose(1);
    await names.move(name, { from: [A], to: [B], ttlSeconds: 30 });
    expect(await addresses(world(), name)).toEqual([B]);
  });
}

function describeSwapping(world: AskWorld): void {
  test("a name that somebody else has is refused, says who has it, and stays theirs", async () => {
    const { names, other } = world();
    const name = await leading(world());
    await other.move(name, { from: [A], to: [C], ttlSeconds: 30 });
    const move = () => names.move(name, { from: [A], to: [B], ttlSeconds: 30 });
    expect(await problemOf(move())).toBe("refused");
    await expect(move()).rejects.toThrow(`it leads to ${C} now, not to ${A}`);
    expect(await problemOf(names.remove(name, [A]))).toBe("refused");
    expect(await problemOf(names.move(name, { from: [], to: [B], ttlSeconds: 30 }))).toBe("refused");
    expect(await addresses(world(), name)).toEqual([C]);
  });

  test("to have some of what is there is not enough, and neither is more than is there", async () => {
    const { names } = world();
    const name = freshName();
    await names.move(name, { from: [], to: [A, B], ttlSeconds: 30 });
    for (const from of [[A], [A, B, C], [A, C], []]) {
      expect(await problemOf(names.move(name, { from, to: [C], ttlSeconds: 30 })), from.join()).toBe("refused");
    }
    expect(await addresses(world(), name)).toEqual([A, B]);
  });

  test("a name that leads nowhere is not moved from somewhere", async () => {
    const name = freshName();
    expect(await problemOf(world().names.move(name, { from: [A], to: [B], ttlSeconds: 30 }))).toBe("refused");
    expect(await addresses(world(), name)).toEqual([]);
  });

  test("of two who move it at the same time exactly one does, every time", async () => {
    const { names, other } = world();
    for (let turn = 0; turn < 6; turn += 1) {
      const name = turn % 2 === 0 ? await leading(world()) : freshName();
      const from = turn % 2 === 0 ? [A] : [];
      const both = await Promise.allSettled([
        names.move(name, { from, to: [B], ttlSeconds: 30 }),
        other.move(name, { from, to: [C], ttlSeconds: 30 }),
      ]);
      const winners = both.flatMap(({ status }, at) => (status === "fulfilled" ? [[B, C][at]] : []));
      expect(winners).toHaveLength(1);
      expect(await addresses(world(), name)).toEqual(winners);
    }
  });
}
