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
  /** Clients depend on what breaks, so a request in flight may fail; nobody else's fault may reach them. */
  reachesClients: boolean;
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

const each = (what: string, strike: Strike, reachesClients: boolean, moments: Moment[], needs?: Fault["needs"]) =>
  moments.map((at): Fault => ({ what, at, strike, reachesClients, needs }));

export const faults: Fault[] = [
  ...each("primary killed", killService("db-1", "mariadb"), true, [
    drill,
    cloning,
    fence,
    backup,
    migration,
    alteration,
    smoke,
    reopening,
  ]),
  ...each("replica killed", killService("db-2", "mariadb"), false, [drill, migration, snapshot, redundancy]),
  ...each("standby killed", killService("db-3", "mariadb"), false, [
    trial,
    begins("sync-standby"),
    begins("freeze-standby"),
    migration,
    smoke,
  ]),
  ...each("load balancer killed", killService("lb-1", "haproxy"), true, [trial, fence, migration, swap, reopening]),
  ...each("old server's web killed", killService("app-1", "web"), true, [trial, begins("stop-generation")]),
  ...each("new server's web killed", killService("app-2", "web"), true, [begins("test-isolated"), smoke, reopening]),
  ...each("control database killed", killDatabase, false, [drill, fence, migration, swap, reopening]),
  ...each("control plane stopped for 8 s", stopControlPlane(8_000), false, [drill, fence, migration, reopening]),
  ...each("primary stopped for 5 s", stopService("db-1", "mariadb", 5_000), true, [drill, fence, migration, smoke]),
  ...each("disk full for 4 s", fillDisk(4_000), true, [drill, migration, snapshot], "disk"),
  ...each("two upgrades at once", async () => [], false, [begins("lock-servers")], "two commands"),
  ...each("approved and denied at once", approveAndDeny, false, [begins("gate")], "open gate"),
  ...each("two control planes", secondControlPlane, false, [drill, migration]),
];
