/** The name server contract over the simulated DNS, where no time passes but the simulated one. */
import { SimulatedClock } from "../../src/providers/simulated/clock.ts";
import { NameRecords } from "../../src/providers/simulated/name-records.ts";
import { createSimulatedNames } from "../../src/providers/simulated/names.ts";
import { describeNameServerContract } from "./name-server.contract.ts";

describeNameServerContract("simulated", { loses: true }, async () => {
  const records = new NameRecords();
  const plane = { clock: new SimulatedClock(), passing: async () => {} };
  const lose = (count: number): void => {
    records.losing = count;
  };
  const make = () => createSimulatedNames({ plane, records });
  return { names: make(), other: make(), ttls: true, lose, close: async () => {} };
});
