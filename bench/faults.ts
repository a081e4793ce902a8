/** Each fault of `prove faults`, with the moments at which it strikes: before the window, behind the page, after the swap. */
import type { Point } from "../test/product/killer.ts";
import {
  approveAndDeny,
  fillDisk,
  killDatabase,
  killService,
  type Strike,
  secondControlPlane,
  stopControlPlane,
  stopService,
} from "./strikes.ts";

export interface Fault {
  what: string;
  /** The last step of this name that says so. */
  at: Pick<Point, "step" | "when" | "delayMs"> & { says?: string };
  strike: Strike;
  /** For how long after its end a request may fail, where clients depend on what breaks; null: they must not notice. */
  felt: { forMs: number } | null;
  /** What it needs besides a board. */
  needs?: "disk" | "open gate" | "two commands";
}

type Moment = Fault["at"];

const inside = (step: string, delayMs: number, says?: string): Moment => ({ step, says, when: "inside", delayMs });
const begins = (step: string, says?: string): Moment => ({ step, says, when: "begins" });

const drill = inside("restore-backup", 900, "(drill)");
const cloning = inside("launch-standby", 900);
const trial = inside("migrate", 700, "on the copy");
const fence = begins("fence-database");
const backup = inside("restore-backup", 900, "(before-migration)");
const migration = inside("migrate", 700);
/** It waits for 1.5 s first, then changes the schema. */
const alteration = inside("migrate", 1_650);
const swap = begins("swap-pools");
const smoke = begins("smoke-test");
const snapshot = inside("restore-backup", 900, "(before-reopening)");
const reopening = begins("reopen");
const redundancy = begins("resume-replica");

/** A killed service is started anew, and the load balancer finds it healthy. */
const SOON = { forMs: 15_000 };
/** The database itself waits for a minute before it looks again whether there is room. */
const DISK = { forMs: 75_000 };

const each = (what: string, strike: Strike, felt: Fault["felt"], moments: Moment[], needs?: Fault["needs"]) =>
  moments.map((at): Fault => ({ what, at, strike, felt, needs }));

export const faults: Fault[] = [
  ...each("primary killed", killService("db-1", "mariadb"), SOON, [
    drill,
    cloning,
    fence,
    backup,
    migration,
    alteration,
    smoke,
    reopening,
  ]),
  ...each("replica killed", killService("db-2", "mariadb"), null, [drill, migration, snapshot, redundancy]),
  ...each("standby killed", killService("db-3", "mariadb"), null, [
    trial,
    begins("sync-standby"),
    begins("freeze-standby"),
    migration,
    smoke,
  ]),
  ...each("load balancer killed", killService("lb-1", "haproxy"), SOON, [trial, fence, migration, swap, reopening]),
  ...each("old server's web killed", killService("app-1", "web"), SOON, [trial, begins("stop-generation")]),
  ...each("new server's web killed", killService("app-2", "web"), SOON, [begins("test-isolated"), smoke, reopening]),
  ...each("control database killed", killDatabase, null, [drill, fence, migration, swap, reopening]),
  ...each("control plane stopped for 8 s", stopControlPlane(8_000), null, [drill, fence, migration, reopening]),
  ...each("primary stopped for 5 s", stopService("db-1", "mariadb", 5_000), SOON, [drill, fence, migration, smoke]),
  ...each("disk full for 4 s", fillDisk(4_000), DISK, [drill, migration, snapshot], "disk"),
  ...each("two upgrades at once", async () => [], null, [begins("lock-servers")], "two commands"),
  ...each("approved and denied at once", approveAndDeny, null, [begins("gate")], "open gate"),
  ...each("two control planes", secondControlPlane, null, [drill, migration]),
];
