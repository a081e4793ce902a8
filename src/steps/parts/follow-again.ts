/** Lets a replica follow its primary again, now and after a restart, unless it does already. */
import type { Database } from "../../model/database.ts";
import type { Endpoint } from "../../model/load-balancer.ts";

/** One that is down is left alone: whoever needs it makes a new copy. */
export async function followAgain(replica: Database, primary: Endpoint): Promise<void> {
  const { running, following, bootsFollowing } = await replica.health();
  if (running && (following === null || !bootsFollowing)) await replica.follow(primary);
}
