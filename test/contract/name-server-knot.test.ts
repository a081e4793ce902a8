/** The name server contract over a real DNS server on loopback. */
import { test } from "vitest";
import { createDnsNames } from "../../src/drivers/dns/driver.ts";
import { systemClock } from "../../src/run/clock.ts";
import { describeNameServerContract } from "./name-server.contract.ts";
import { KEYS, knotd, NO_KNOT, startKnot, ZONE } from "./name-server/knot.ts";
import { startRelay } from "./name-server/relay.ts";

if (knotd) {
  describeNameServerContract("knot", { loses: true }, async () => {
    const knot = await startKnot();
    const relay = await startRelay(knot);
    const make = (port: number, { secret, ...key }: (typeof KEYS)["mover" | "long"]) =>
      createDnsNames({
        environment: "live",
        server: { address: knot.address, port },
        zone: ZONE,
        key: { ...key, credential: "dns-key" },
        secret: () => secret,
        clock: systemClock,
      });
    return {
      names: make(relay.port, KEYS.mover),
      other: make(knot.port, KEYS.long),
      ttls: true,
      lose: (count) => {
        relay.losing = count;
      },
      async close() {
        await relay.close();
        await knot.close();
      },
    };
  });
} else test.skip(`names of a real DNS server: ${NO_KNOT}`, () => {});
