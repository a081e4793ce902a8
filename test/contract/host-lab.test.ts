/** The host contract over a lab: separate hosts, each with one server, reached over SSH. */
import { test } from "vitest";
import { labTrouble, openLab } from "../../src/providers/lab/lab.ts";
import { describeHostContract, EVERY_PART } from "./host.contract.ts";
import { labWorld } from "./host/lab-world.ts";

// The rest is the same runner over the same connection as on one machine; `npm run prove lab` runs all of it.
const parts = process.env.CHANGEOVER_WHOLE_LAB ? EVERY_PART : (["tokens", "servers"] as const);

if (labTrouble() === null) describeHostContract("hosts", async () => labWorld(await openLab(4)), parts);
else test.skip("hosts of their own (skipped where `npm run lab` can make none)", () => {});
