/** A scaling group is suspended by a label on the load balancers: they outlive both generations. */

/** Says which upgrade suspended it. */
export const SUSPENDED = "groupSuspended";
