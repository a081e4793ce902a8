/** The contract of floating addresses as tests: on a network, noted on one machine, and simulated. */
import { describe, expect, test } from "vitest";
import type { AddressHolder } from "../../src/model/floating-address.ts";
import { problemOf } from "./host/world.ts";

export interface AddressContractWorld {
  address: string;
  /** Of two servers, as a control plane with this token sees it. */
  holder(server: "lb-1" | "lb-2", token: number): Promise<AddressHolder>;
}

const PORT = 8080;

/** Begins and ends with an address that nobody holds. */
export function describeAddressContract(name: string, world: () => AddressContractWorld): void {
  describe(`an address ${name}`, () => {
    const both = async (token: number) => {
      const { holder, address } = world();
      return { one: await holder("lb-1", token), other: await holder("lb-2", token), address };
    };

    test("is held once however often it is taken, by whoever took it, and by nobody after it was released", async () => {
      const { one, other, address } = await both(101);
      const held = async () => [await one.holds(address), await other.holds(address)];
      expect(await held()).toEqual([false, false]);
      await one.release(address);
      await one.take(address);
      await one.take(address);
      await one.announce(address);
      expect(await held()).toEqual([true, false]);
      await other.take(address);
      expect(await held()).toEqual([true, true]);
      await one.release(address);
      await one.release(address);
      expect(await held()).toEqual([false, true]);
      expect(await (await world().holder("lb-2", 101)).holds(address)).toBe(true);
      await other.release(address);
      expect(await held()).toEqual([false, false]);
      expect(await one.connections(address)).toBe(0);
    });

    test("is seen by others on a network, and what is not theirs is passed on until that is ended", async () => {
      const { one, other, address } = await both(102);
      if (!one.onNetwork) {
        expect([await one.claimants(address), await one.passesOn(address)]).toEqual([[], false]);
        return;
      }
      expect(await other.claimants(address)).toEqual([]);
      await one.take(address);
      expect(await other.claimants(address)).toEqual([await one.hardware()]);
      expect(await one.claimants(address)).toEqual([]);
      await one.release(address);
      expect(await one.passesOn(address)).toBe(false);
      await one.passOn(address, PORT, other.at);
      await one.passOn(address, PORT, other.at);
      expect([await one.passesOn(address), await other.passesOn(address)]).toEqual([true, false]);
      await one.passOn(address, PORT, null);
      await one.passOn(address, PORT, null);
      expect(await one.passesOn(address)).toBe(false);
    });

    test("is left alone by a control plane that was replaced", async () => {
      const { one: old, address } = await both(103);
      const { one } = await both(104);
      await one.take(address);
      await one.release(address);
      expect(await problemOf(old.take(address))).toBe("stale-token");
      await one.take(address);
      expect(await problemOf(old.release(address))).toBe("stale-token");
      expect(await old.holds(address)).toBe(true);
      await one.release(address);
    });
  });
}
