/** Everything that can be done to an environment, and what kind of doing it is: the rows of the lock matrix. */
import type { Plan } from "../plan.ts";

/** What a verb does to what serves. What a lock or a run in flight says to it follows from that (matrix.ts). */
export type Nature =
  /** Changes what serves, or what the next server is made with. */
  | "changes"
  /** Changes nothing that serves, but needs the environment for itself. */
  | "copies"
  /** Steers a run in flight, to its end or back. */
  | "steers"
  /** Says or notes something; nothing is done by it. */
  | "tells";

/** `upgrade`: a step of the run in flight, whatever it is a run of. */
export const askers = ["person", "alert", "schedule", "upgrade"] as const;
export type Asker = (typeof askers)[number];

export interface LockVerb {
  /** For tables: "take it down". */
  does: string;
  /** For refusals: `environment "live" can't ‹be taken down›`. */
  cant: string;
  nature: Nature;
  /** Locks of which servers count, besides the environment's: of those it names, of all, of none. */
  touches: "none" | "named" | "all";
  askers: readonly Asker[];
  /** Where a run in flight is another matter than its nature says. */
  duringRun?: "allowed" | "when-stuck" | "unless-it-changes";
}

const PEOPLE: readonly Asker[] = ["person"];
const ALERTS: readonly Asker[] = ["alert"];

type Words = [does: string, cant: string];

const changes = ([does, cant]: Words, touches: LockVerb["touches"], rest: Partial<LockVerb> = {}): LockVerb => ({
  ...{ does, cant, nature: "changes", touches, askers, ...rest },
});
const copies = ([does, cant]: Words): LockVerb => ({ does, cant, nature: "copies", touches: "none", askers });
const steers = ([does, cant]: Words, asked: readonly Asker[] = PEOPLE): LockVerb => ({
  ...{ does, cant, nature: "steers", touches: "none", askers: asked },
});
const tells = ([does, cant]: Words, asked: readonly Asker[] = PEOPLE, rest: Partial<LockVerb> = {}): LockVerb => ({
  ...{ does, cant, nature: "tells", touches: "none", askers: asked, ...rest },
});

/** Only written down: a run that copies does not mind. */
const WRITTEN_DOWN = { duringRun: "unless-it-changes" } as const;

const environment = {
  up: changes(["bring it up, or change its file", "be brought up or changed"], "none"),
  down: changes(["take it down", "be taken down"], "all", { duringRun: "when-stuck" }),
  upgrade: changes(["upgrade", "be upgraded"], "all"),
  restore: changes(["restore a backup", "be restored"], "all"),
  "copy-into": changes(["copy data into it", "have data copied into it"], "all"),
  "backup-take": copies(["take a backup", "be backed up"]),
  "backup-verify": copies(["verify a backup", "have a backup verified"]),
  rehearse: copies(["rehearse an upgrade", "be rehearsed"]),
  clone: copies(["clone it, copy data from it", "be cloned"]),
  "credential-set": changes(["set a credential", "have a credential set"], "none", { duringRun: "allowed" }),
  "credential-remove": changes(["remove a credential", "have a credential removed"], "none", WRITTEN_DOWN),
  "inputs-edit": changes(["edit inputs", "have inputs edited"], "named", WRITTEN_DOWN),
  "inputs-revert": changes(["revert inputs", "have inputs reverted"], "named", WRITTEN_DOWN),
  "inputs-promote": changes(["promote inputs", "have inputs promoted"], "named", WRITTEN_DOWN),
  "template-change": changes(["change a template's revision", "have another template revision"], "named", WRITTEN_DOWN),
  change: changes(["anything else that changes it", "be changed"], "none"),
};

const run = {
  approve: steers(["approve at a gate", "have a gate approved"]),
  deny: steers(["deny at a gate", "have a gate denied"]),
  fix: steers(["run a hot-fix at a gate", "have a hot-fix run"]),
  pause: steers(["pause it", "have its run paused"]),
  resume: steers(["resume it", "have its run resumed"]),
  abort: steers(["abort it", "have its run aborted"]),
  rollback: steers(["take the way back", "have its run taken back"]),
  "cut-sessions": steers(["retire servers before their sessions have ended", "have sessions cut"]),
  "cancel-rehearsal": steers(["end a rehearsal early", "have its rehearsal ended"]),
};

const server = {
  "server-launch": changes(["launch one", "have a server launched"], "none"),
  "server-relaunch": changes(["relaunch it", "be relaunched"], "named"),
  "server-retire": changes(["retire it", "be retired"], "named"),
  "server-replace": changes(["replace it", "be replaced"], "named"),
  "server-clone": changes(["clone it, change the clone", "have a server cloned"], "none", WRITTEN_DOWN),
  "server-script": changes(["run a script on it", "have a script run"], "named"),
  "server-force-operational": changes(["call it operational", "be called operational"], "named"),
  "pool-join": changes(["connect it to its pools", "be connected to its pools"], "named"),
  "pool-leave": changes(["disconnect it from its pools", "be disconnected from its pools"], "named"),
  "address-move": changes(["move a floating address from or to it", "have an address moved"], "named"),
  "name-move": changes(["move a DNS name from or to it", "have a name moved"], "named"),
};

const group = {
  "group-enable": changes(["enable it", "be enabled"], "none", WRITTEN_DOWN),
  "group-disable": changes(["disable it", "be disabled"], "none", WRITTEN_DOWN),
  "group-resize": changes(["set its sizes", "have its sizes set"], "none", WRITTEN_DOWN),
  "group-launch": changes(["launch one server by hand", "have a server launched"], "none"),
  "group-terminate": changes(["terminate servers of it", "have servers terminated"], "named"),
  "group-delete": changes(["delete it", "be deleted"], "named"),
  "group-grow": changes(["let it grow, by votes or below its minimum", "grow"], "none"),
  "group-shrink": changes(["let it shrink", "shrink"], "named"),
};

const alert = {
  "alert-script": changes(["run a script on a server", "have a script run by an alert"], "named", { askers: ALERTS }),
  "alert-vote": tells(["vote on a group's size", "have a vote"], ["alert", "person"]),
  "alert-notify": tells(["notify somebody", "tell anybody"], ALERTS),
  "alert-pause": steers(["pause an upgrade", "have its run paused by an alert"], ALERTS),
  "alert-quench": tells(["quench it for a while", "have an alert quenched"]),
};

const lock = {
  lock: tells(["lock the environment", "be locked"]),
  unlock: tells(["unlock the environment", "be unlocked"]),
  "lock-server": tells(["lock a server", "have a server locked"], PEOPLE, { duringRun: "unless-it-changes" }),
  "unlock-server": tells(["unlock a server", "have a server unlocked"]),
};

/** By what they are about, as people read them. */
export const verbsOf = { environment, "run in flight": run, server, "scaling group": group, alert, lock };

export type Verb = { [About in keyof typeof verbsOf]: keyof (typeof verbsOf)[About] }[keyof typeof verbsOf];

export const verbs: Readonly<Record<Verb, LockVerb>> = {
  ...environment,
  ...run,
  ...server,
  ...group,
  ...alert,
  ...lock,
};

/** Every run is somebody's doing: one of a new kind is not built before it says which. */
export const verbOfRun: Readonly<Record<Plan["strategy"], Verb>> = {
  "bring-up": "up",
  // For the clone itself: what it is made of is only copied.
  clone: "up",
  "from-backup": "up",
  major: "upgrade",
  replace: "upgrade",
  rolling: "upgrade",
  canary: "upgrade",
  "in-place": "upgrade",
  backup: "backup-take",
  "verify-backup": "backup-verify",
  restore: "restore",
  "launch-server": "server-launch",
  "try-server": "server-launch",
  "connect-server": "pool-join",
  "disconnect-server": "pool-leave",
  "relaunch-server": "server-relaunch",
  "replace-server": "server-replace",
  "retire-server": "server-retire",
  "grow-group": "group-grow",
  "shrink-group": "group-shrink",
  "run-script": "server-script",
  "force-operational": "server-force-operational",
  "move-name": "name-move",
  "move-address": "address-move",
};
