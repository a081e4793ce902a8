/** The written table of a database's way back: each combination of facts has one next action, and none leads through two writable primaries. */

/** The server that was primary when the upgrade began. */
export type OldPrimary = "writable" | "fenced" | "down";
/** The warm standby that is kept at the position before the migration. */
export type Standby = "following" | "frozen" | "writable" | "down";
/** Where blue's database endpoint points on every load balancer that runs; `elsewhere`: nowhere, or not the same on all. */
export type BlueEndpoint = "old-primary" | "standby" | "elsewhere";

export interface SwitchoverFacts {
  /** Has the migration been started, whether or not it ended? Then the old primary is no way back. */
  migrated: boolean;
  oldPrimary: OldPrimary;
  standby: Standby;
  endpoint: BlueEndpoint;
}

export type SwitchoverAction =
  | "done"
  /** Nothing is lost yet, but only a person may choose: the reason says what is missing. */
  | "ask"
  | "fence-old-primary"
  | "unfence-old-primary"
  | "fence-standby"
  | "promote-standby"
  | "point-to-standby"
  | "point-to-old-primary";

export interface SwitchoverRow {
  action: SwitchoverAction;
  because: string;
}

/** The one next action towards a blue that serves with exactly one writable primary. */
export function nextAction(facts: SwitchoverFacts): SwitchoverRow {
  return facts.migrated ? towardsStandby(facts) : towardsOldPrimary(facts);
}

function towardsOldPrimary({ oldPrimary, standby, endpoint }: SwitchoverFacts): SwitchoverRow {
  if (standby === "writable") {
    return oldPrimary === "writable"
      ? { action: "fence-standby", because: "nothing was migrated, so the old primary is the one with every write" }
      : { action: "ask", because: "the standby takes writes although nothing was migrated: someone promoted it" };
  }
  if (oldPrimary === "down") {
    return {
      action: "ask",
      because: "the old primary is down and nothing was migrated: start it, or fail over by hand",
    };
  }
  if (endpoint !== "old-primary") {
    return { action: "point-to-old-primary", because: "blue must reach the server that will take its writes" };
  }
  if (oldPrimary === "fenced") {
    return { action: "unfence-old-primary", because: "no other server is writable and the schema is untouched" };
  }
  return { action: "done", because: "the old primary serves blue as before" };
}

function towardsStandby({ oldPrimary, standby, endpoint }: SwitchoverFacts): SwitchoverRow {
  if (oldPrimary === "writable") {
    return { action: "fence-old-primary", because: "it holds a migrated schema and must not take another write" };
  }
  if (standby === "down") {
    return {
      action: "ask",
      because: "the warm standby is down: start it, or restore the snapshot taken before the migration",
    };
  }
  if (standby === "following") {
    return {
      action: "ask",
      because: "the standby follows the migrated primary: restore the snapshot taken before the migration",
    };
  }
  if (standby === "frozen") {
    return { action: "promote-standby", because: "it is frozen at the last position before the migration" };
  }
  if (endpoint !== "standby") {
    return { action: "point-to-standby", because: "blue must reach the server that takes its writes" };
  }
  return { action: "done", because: "blue serves from the promoted standby" };
}
