/** A simulated name server: the same contract as a real one, over records in memory. */
import type { NameServer } from "../../model/dns-name.ts";
import { Problem } from "../../model/problem.ts";
import { type ControlPlane, effect } from "./acting.ts";
import type { NameRecords } from "./name-records.ts";

const TAKES_MS = 12;
const SILENCE_MS = 1_500;
const TRIES = 3;

export function createSimulatedNames({ plane, records }: { plane: ControlPlane; records: NameRecords }): NameServer {
  const move: NameServer["move"] = async (name, wanted) => {
    for (let tries = 0; tries < TRIES; tries += 1) {
      if (await effect(plane, `move ${name}`, TAKES_MS, () => records.move(name, wanted))) return;
      await plane.clock.sleep(SILENCE_MS);
    }
    throw new Problem("outcome-unknown", {
      what: `nobody knows whether ${name} was moved`,
      why: "the answers got lost",
      next: "changeover name list",
    });
  };
  return {
    kind: "simulated",
    place: "the simulated DNS",
    read: async (name) => records.read(name),
    move,
    remove: (name, from) => move(name, { from, to: [], ttlSeconds: 0 }),
    prove: async () => {},
  };
}
